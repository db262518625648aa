package simulator

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	tokenLife   = 3599 * time.Second
	tokenLength = 28
	// firewallPage is what the web application firewall answers with.
	firewallPage = "<html><head><title>503</title></head><body>" +
		"Request unsuccessful. Incapsula incident ID: 0-0</body></html>"
)

// tokenStore holds the access tokens in force. A new one leaves the older ones
// valid: the portal's FAQ says that it kills them, practice says that it does
// not; [Sim.RevokeTokens] produces the former.
type tokenStore struct {
	mu      sync.Mutex
	expires map[string]time.Time
}

func newTokenStore() *tokenStore { return &tokenStore{expires: map[string]time.Time{}} }

func (t *tokenStore) mint(now time.Time) string {
	token := (hex32() + hex32())[:tokenLength]
	t.mu.Lock()
	defer t.mu.Unlock()
	for old, at := range t.expires {
		if !now.Before(at) {
			delete(t.expires, old)
		}
	}
	t.expires[token] = now.Add(tokenLife)
	return token
}

func (t *tokenStore) valid(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.expires[token]
	return ok && now.Before(at)
}

func (t *tokenStore) revokeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.expires)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   string `json:"expires_in"` // seconds; most observed answers quote it
}

// oauth is GET /oauth/v1/generate.
func (s *Sim) oauth(c *fiber.Ctx) error {
	if s.CurrentFaults().OAuth503HTML {
		s.logOAuth("Firewall page", http.StatusServiceUnavailable)
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Status(http.StatusServiceUnavailable).SendString(firewallPage)
	}
	if r := s.checkTokenRequest(c); r != nil {
		s.logOAuth("Refused: "+r.message, r.status)
		return c.Status(r.status).JSON(envelope{requestID(), r.code, r.message})
	}
	s.logOAuth("Access token", http.StatusOK)
	return c.JSON(tokenAnswer{AccessToken: s.tokens.mint(s.now()), ExpiresIn: "3599"})
}

func (s *Sim) checkTokenRequest(c *fiber.Ctx) *refusal {
	if c.Method() != fiber.MethodGet {
		return &refusal{http.StatusMethodNotAllowed, errBadMethod, "Method Not Allowed"}
	}
	if c.Query("grant_type") != "client_credentials" {
		return &refusal{http.StatusBadRequest, errBadGrant, "Invalid grant type passed"}
	}
	encoded, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Basic ")
	pair, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || !same(string(pair), s.cfg.ConsumerKey+":"+s.cfg.ConsumerSecret) {
		return &refusal{http.StatusBadRequest, errBadAuth, "Invalid Authentication passed"}
	}
	return nil
}

func (s *Sim) logOAuth(summary string, status int) {
	s.wire.add(WireEntry{To: toProvider, Kind: kindOAuth, Summary: summary, Status: status})
}
