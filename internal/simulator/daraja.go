package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// callbackFirstLimit is how long [Faults.CallbackBeforeResponse] holds an answer.
const callbackFirstLimit = 30 * time.Second

// Error codes of Daraja's envelope (Daraja portal, error tables of each API).
const (
	errBadRequest = "400.002.02"
	errBadPayload = "400.002.05"
	errBadAuth    = "400.008.01"
	errBadGrant   = "400.008.02"
	errBadMethod  = "405.001"
	errSTK        = "500.001.1001"
	errB2C        = "500.002.1001"
	errPull       = "400.001"
	errInternal   = "500.003.1001"
	acceptedB2C   = "Accept the service request successfully."
	acceptedSTK   = "Success. Request accepted for processing"
	processed     = "The service request is processed successfully."
	notPermitted  = "The request is not permitted according to product assignment."
)

// envelope is how Daraja refuses a request.
type envelope struct {
	RequestID    string `json:"requestId"`
	ErrorCode    string `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
}

// refusal is an error that the caller is told: code is Daraja's error code, or
// "" in the phones' own API.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.message }

// refuse builds a refusal of the phones' API.
func refuse(status int, message string) error { return &refusal{status: status, message: message} }

// invalid is Daraja's refusal of one field.
func invalid(name string) error {
	return &refusal{http.StatusBadRequest, errBadRequest, "Bad Request - Invalid " + name}
}

// scalar reads a field that the portal's samples write now as a string, now as
// a number.
type scalar string

// UnmarshalJSON accepts a string, a number as it is written, or null.
func (v *scalar) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return fmt.Errorf("read text: %w", err)
		}
		*v = scalar(text)
		return nil
	}
	if bytes.Equal(b, []byte("null")) {
		*v = ""
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(b, &number); err != nil {
		return fmt.Errorf("read number: %w", err)
	}
	*v = scalar(number)
	return nil
}

// acceptance is what an accepted call leads to.
type acceptance struct {
	body         any
	who, summary string
	drop         bool   // close the connection instead of answering
	after        string // when not "", answer only once the callback about this was delivered
}

// darajaCall handles an authorised JSON request. It returns a *refusal for
// what the caller did wrong.
type darajaCall func(ctx context.Context, body []byte) (acceptance, error)

// daraja wraps call with what all APIs share: the method, the token, the error
// envelope, and the wire log.
func (s *Sim) daraja(k kind, call darajaCall) fiber.Handler {
	return func(c *fiber.Ctx) error {
		faults := s.CurrentFaults()
		if faults.HTML503 {
			s.wire.add(WireEntry{To: toProvider, Kind: k, Summary: "Firewall page", Status: http.StatusServiceUnavailable})
			return firewall(c)
		}
		a, err := s.authorised(c, k, call)
		status := http.StatusOK
		if err != nil {
			var r *refusal
			if !errors.As(err, &r) {
				s.log.ErrorContext(c.UserContext(), "simulator: daraja call failed", slog.Any("error", err))
				r = &refusal{http.StatusInternalServerError, errInternal, "Internal Server Error"}
			}
			status = r.status
			if faults.Envelope200 {
				status = http.StatusOK
			}
			a.body = s.envelope(r)
			a.summary = fmt.Sprintf("Refused: %s %s", r.code, r.message)
		}
		if a.after != "" {
			s.awaitCallback(c.UserContext(), a.after)
		}
		return s.reply(c, k, status, a)
	}
}

// reply logs and sends what the caller gets to see of a.
func (s *Sim) reply(c *fiber.Ctx, k kind, status int, a acceptance) error {
	faults := s.CurrentFaults()
	switch {
	case a.drop:
		status = 0
	case faults.HTML503After:
		status = http.StatusServiceUnavailable
	}
	s.wire.add(WireEntry{To: toProvider, Kind: k, Who: a.who, Summary: a.summary, Status: status})
	s.changed()
	switch {
	case a.drop:
		return hangUp(c)
	case faults.HTML503After:
		return firewall(c)
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).SendString(string(reshape(body, false, faults.FlipTypes)))
}

// envelope is the body of a refusal. Apigee, which stands before Daraja, has a
// shape of its own for too many requests.
func (s *Sim) envelope(r *refusal) any {
	if r.status == http.StatusTooManyRequests {
		return apigeeFault{apigeeDetail{r.message, map[string]string{"errorcode": r.code}}}
	}
	return envelope{s.dice.requestID(), r.code, r.message}
}

// apigeeFault is observed with HTTP 429.
type apigeeFault struct {
	Fault apigeeDetail `json:"fault"`
}

type apigeeDetail struct {
	FaultString string            `json:"faultstring"`
	Detail      map[string]string `json:"detail"`
}

// firewall answers as the web application firewall in front of Daraja does.
func firewall(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(http.StatusServiceUnavailable).SendString(firewallPage)
}

// authorised checks what comes before the call itself.
func (s *Sim) authorised(c *fiber.Ctx, k kind, call darajaCall) (acceptance, error) {
	// The page of the pull API says GET with a body, libraries send POST.
	if c.Method() != fiber.MethodPost && (k != kindPull || c.Method() != fiber.MethodGet) {
		return acceptance{}, &refusal{http.StatusMethodNotAllowed, errBadMethod, "Method Not Allowed"}
	}
	token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !ok || !s.tokens.valid(token, s.now()) {
		return acceptance{}, s.tokenRefusal(k, token)
	}
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || media != fiber.MIMEApplicationJSON {
		// A missing content type is known to surface as this unrelated complaint.
		return acceptance{}, invalid("BusinessShortCode")
	}
	body := bytes.Clone(c.Body())
	if err := s.checkTypes(body); err != nil {
		return acceptance{}, err
	}
	return call(c.UserContext(), body)
}

// checkTypes refuses what a stricter Daraja would.
func (s *Sim) checkTypes(body []byte) error {
	faults := s.CurrentFaults()
	if !faults.StringsOnly && !faults.NumbersOnly {
		return nil
	}
	given, err := payload[map[string]json.RawMessage](body)
	if err != nil {
		return err
	}
	for _, name := range []string{"BusinessShortCode", "ShortCode", "Amount", "PartyA", "PartyB", "PhoneNumber"} {
		raw := given[name]
		if len(raw) == 0 {
			continue
		}
		if text := raw[0] == '"'; text && faults.NumbersOnly || !text && faults.StringsOnly {
			return invalid(name)
		}
	}
	return nil
}

// hangUp closes the connection without a byte of answer.
func hangUp(c *fiber.Ctx) error {
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) { _ = conn.Close() })
	return nil
}

// awaitCallback returns when nothing about ref is open or owed any more.
func (s *Sim) awaitCallback(ctx context.Context, ref string) {
	ctx, cancel := context.WithTimeout(ctx, callbackFirstLimit)
	defer cancel()
	changes := s.hub.subscribe()
	defer s.hub.unsubscribe(changes)
	for {
		open, err := s.promptOpen(ctx, ref)
		if err != nil {
			return
		}
		owed, err := s.pendingFor(ctx, ref)
		if err != nil || (!open && owed == 0) {
			return
		}
		s.out.nudge()
		select {
		case <-ctx.Done():
			return
		case <-s.closing:
			return
		case <-changes:
		}
	}
}

// payload decodes a request body.
func payload[T any](body []byte) (T, error) {
	var req T
	if err := json.Unmarshal(body, &req); err != nil {
		return req, &refusal{http.StatusBadRequest, errBadPayload, "Bad Request - Invalid request payload"}
	}
	return req, nil
}

// callbackWords may not occur in a callback URL, in any case (Daraja portal,
// C2B register page and FAQ). Beware of "requery" and "execute".
func callbackWords() []string {
	return []string{"mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query"}
}

// callbackURL accepts http beside https: the gateway under development has no
// certificate. Production demands https.
func callbackURL(raw scalar) bool {
	u, err := url.Parse(string(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	lower := strings.ToLower(string(raw))
	for _, word := range callbackWords() {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return true
}
