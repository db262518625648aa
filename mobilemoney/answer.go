package mobilemoney

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/voicepact/gateway/internal/outcall"
)

// answer is every synchronous answer of Daraja: acceptance, query, error
// envelope and the fault of the gateway in front. Names are matched in any
// case, which the envelope needs: it has been seen capitalised.
type answer struct {
	ResponseCode             scalar `json:"ResponseCode"`
	ResponseDescription      scalar `json:"ResponseDescription"`
	CheckoutRequestID        scalar `json:"CheckoutRequestID"`
	ConversationID           scalar `json:"ConversationID"`
	OriginatorConversationID scalar `json:"OriginatorConversationID"`
	ResultCode               scalar `json:"ResultCode"`
	ResultDesc               scalar `json:"ResultDesc"`

	ErrorCode    scalar `json:"errorCode"`
	ErrorMessage scalar `json:"errorMessage"`
	Fault        fault  `json:"fault"`

	status int
	body   []byte
	reason string
}

// fault is Apigee's own error.
type fault struct {
	Text   scalar `json:"faultstring"`
	Detail struct {
		Code scalar `json:"errorcode"`
	} `json:"detail"`
}

// readAnswer never fails: what is not JSON (the firewall's pages, nothing at
// all) is an answer without a word in it.
func readAnswer(r outcall.Reply) answer {
	var a answer
	if !read(r.Body, &a) {
		a = answer{}
	}
	a.status, a.body = r.Status, r.Body
	return a
}

// code is the provider's code, or the status where it gave none.
func (a answer) code() string {
	for _, code := range []scalar{a.ErrorCode, a.Fault.Detail.Code} {
		if code != "" {
			return shortCode(code)
		}
	}
	if a.ResponseCode != "" && a.ResponseCode != codeDone {
		return shortCode(a.ResponseCode)
	}
	if a.accepted() {
		return codeDone
	}
	return fmt.Sprintf("http %d", a.status)
}

// shortCode keeps what claims to be a code, and is none, out of columns and
// logs. Real ones have up to nine digits in a row; a phone number has more.
func shortCode(code scalar) string {
	if !codeShape.MatchString(string(code)) || numberShape.MatchString(string(code)) {
		return codeGarbled
	}
	return string(code)
}

// message is what the provider said, in whichever field.
func (a answer) message() scalar {
	for _, text := range []scalar{a.ErrorMessage, a.Fault.Text, a.ResultDesc, a.ResponseDescription} {
		if text != "" {
			return text
		}
	}
	return ""
}

// says looks for words in the message, because Daraja uses some codes for
// opposite things.
func (a answer) says(text string) bool {
	return strings.Contains(strings.ToLower(string(a.message())), text)
}

// post makes one call. A token that is refused is replaced and the same body
// sent once more, which is safe: the gateway refused before M-Pesa saw it.
func (c *Client) post(ctx context.Context, product *outcall.Executor, path string, request any) (answer, error) {
	return c.call(ctx, product, http.MethodPost, path, request)
}

func (c *Client) call(ctx context.Context, product *outcall.Executor, method, path string, request any) (answer, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return answer{}, &noTokenError{reason: "request cannot be written", alarm: true}
	}
	token, err := c.token(ctx)
	if err != nil {
		return answer{}, err
	}
	call := outcall.Call{Method: method, URL: c.cfg.BaseURL + path, Body: body}
	a, err := c.once(ctx, product, call, token)
	if err != nil || !a.tokenRejected() {
		return a, err
	}
	if token, err = c.renew(ctx, token); err != nil {
		return answer{}, err
	}
	return c.once(ctx, product, call, token)
}

func (c *Client) once(ctx context.Context, product *outcall.Executor, call outcall.Call, token string) (answer, error) {
	call.Header = http.Header{
		"Authorization": {"Bearer " + token},
		// Without it Daraja complains about the short code.
		"Content-Type": {"application/json"},
		"Accept":       {"application/json"},
	}
	c.held.remember(token)
	reply, err := product.Do(ctx, call)
	if err != nil {
		return answer{}, fmt.Errorf("M-Pesa: %w", err)
	}
	return c.hear(reply, token), nil
}

// hear reads an answer to a call that was made with a token.
func (c *Client) hear(reply outcall.Reply, token string) answer {
	a := readAnswer(reply)
	a.reason = words(c.withoutSecrets(a.message(), token))
	return a
}

// withoutSecrets removes what is known to be one, whatever it looks like: also the
// tokens of before, one of which M-Pesa may still be speaking of.
func (c *Client) withoutSecrets(said scalar, token string) scalar {
	text := string(said)
	secrets := append(c.held.all(), token, c.cfg.ConsumerSecret, c.cfg.Passkey, c.cfg.InitiatorPassword)
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, removed)
	}
	return scalar(text)
}
