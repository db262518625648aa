package sms

import (
	"net/url"
	"strings"
)

// form is a decoded callback. The first of several values of a field counts.
type form map[string]string

// parseForm decodes a form and is lenient about it: what a provider escaped
// wrongly is taken as it stands, because a callback that is turned away comes
// again every minute for half a day and is then lost. It is not ok where the
// body has no field at all.
func parseForm(body []byte) (form, bool) {
	f := form{}
	for pair := range strings.SplitSeq(string(body), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		name = unescape(name)
		if _, taken := f[name]; !taken {
			f[name] = unescape(value)
		}
	}
	return f, len(f) > 0
}

func unescape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
