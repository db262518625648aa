package mobilemoney

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Config is an M-Pesa account as Daraja knows it. Every field up to CallbackKeys
// is needed.
type Config struct {
	BaseURL                          string // e.g. https://api.safaricom.co.ke
	ConsumerKey, ConsumerSecret      string // of the Daraja app
	ShortCode, Passkey               string // of the PayBill that collects
	B2CShortCode                     string // pays out
	InitiatorName, InitiatorPassword string // the API operator of B2C and of transaction status
	Certificate                      []byte // Safaricom's public X.509 certificate, PEM
	PublicURL                        string // where Safaricom reaches us; see [New]
	CallbackKeys                     [][]byte

	// PullByGet asks for the statement by GET with a body, as one page of the
	// portal says; its sample, and everyone's code, posts.
	PullByGet bool
	// Slots spaces STK queries out over all processes; nil means that this one
	// is alone.
	Slots Slots

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil discards
}

// minKey is the least length of a callback key: 128 bits.
const minKey = 16

// checked returns the configuration with its defaults, or everything that is
// wrong with it. It never quotes a secret.
func (c Config) checked() (Config, error) {
	var problems []error
	for _, field := range []struct{ name, value string }{
		{"BaseURL", c.BaseURL},
		{"ConsumerKey", c.ConsumerKey},
		{"ConsumerSecret", c.ConsumerSecret},
		{"ShortCode", c.ShortCode},
		{"Passkey", c.Passkey},
		{"B2CShortCode", c.B2CShortCode},
		{"InitiatorName", c.InitiatorName},
		{"InitiatorPassword", c.InitiatorPassword},
	} {
		if field.value == "" {
			problems = append(problems, fmt.Errorf("M-Pesa: %s is missing", field.name))
		}
	}
	if len(c.CallbackKeys) == 0 {
		problems = append(problems, errors.New("M-Pesa: CallbackKeys is missing"))
	}
	for _, key := range c.CallbackKeys {
		if len(key) < minKey {
			problems = append(problems, fmt.Errorf("M-Pesa: a callback key has %d bytes and needs %d", len(key), minKey))
		}
	}
	problems = append(problems, checkPublicURL(c.PublicURL))
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(problems...)
}

// forbiddenWords may not occur in a callback URL, in any case (Daraja portal,
// C2B page and FAQ). "exe" is in "execute", "query" in "requery".
func forbiddenWords() []string {
	return []string{
		"mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query", "ngrok", "requestbin", "mockbin",
	}
}

// checkPublicURL refuses an address that Safaricom would refuse in a callback
// URL. What we append to it is lower case and free of these words.
func checkPublicURL(address string) error {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || (at.Scheme != "https" && at.Scheme != "http") {
		return errors.New("PUBLIC_URL: want the https:// address at which Safaricom reaches this gateway")
	}
	if at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		return errors.New("PUBLIC_URL: want scheme, host and perhaps a path, nothing else")
	}
	if word := refusedIn(address); word != "" {
		return fmt.Errorf("PUBLIC_URL: Safaricom refuses callback addresses that contain %s; choose another host or path", word)
	}
	return nil
}

// refusedIn names what Safaricom would refuse an address for, or is "".
func refusedIn(address string) string {
	if address != strings.ToLower(address) {
		return "capital letters"
	}
	for _, word := range forbiddenWords() {
		if strings.Contains(address, word) {
			return strconv.Quote(word)
		}
	}
	return ""
}

// checkAddresses looks at one address of each kind that this package sends out.
// Ids and tokens are hexadecimal, which spells none of the forbidden words.
func (c *Client) checkAddresses() error {
	var problems []error
	check := func(address string) {
		if word := refusedIn(address); word != "" {
			problems = append(problems, fmt.Errorf("M-Pesa would refuse an address of ours for %s", word))
		}
	}
	for _, act := range []string{actValidate, actConfirm, actPull} {
		check(c.tillURL(act))
	}
	for _, kind := range append(kinds(), balanceKinds()...) {
		check(c.callbackURL(kind, uuid.Max))
	}
	return errors.Join(problems...)
}
