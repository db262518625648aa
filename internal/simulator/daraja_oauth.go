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
// not; [Faults.MintKillsTokens] and [Sim.RevokeTokens] produce the former.
type tokenStore struct {
	dice    *dice
	mu      sync.Mutex
	expires map[string]time.Time
	refused int // how many were refused, for [Faults.RotateTokenCodes]
}

func newTokenStore(d *dice) *tokenStore { return &tokenStore{dice: d, expires: map[string]time.Time{}} }

// mint makes a token that lives so long; alone, it is the only one then.
func (t *tokenStore) mint(now time.Time, life time.Duration, alone bool) string {
	token := t.dice.hex32()[:tokenLength]
	t.mu.Lock()
	defer t.mu.Unlock()
	if alone {
		clear(t.expires)
	}
	for old, at := range t.expires {
		if !now.Before(at) {
			delete(t.expires, old)
		}
	}
	t.expires[token] = now.Add(life)
	return token
}

func (t *tokenStore) valid(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.expires[token]
	return ok && now.Before(at)
}

// countRefusal returns how many tokens were refused before.
func (t *tokenStore) countRefusal() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused++
	return t.refused - 1
}

func (t *tokenStore) revokeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.expires)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   any    `json:"expires_in"` // seconds; most observed answers quote it
}

// oauth is GET /oauth/v1/generate.
func (s *Sim) oauth(c *fiber.Ctx) error {
	faults := s.CurrentFaults()
	if faults.OAuth503HTML || faults.HTML503 {
		s.logOAuth("Firewall page", http.StatusServiceUnavailable)
		return firewall(c)
	}
	if r := s.checkTokenRequest(c); r != nil {
		s.logOAuth("Refused: "+r.message, r.status)
		return c.Status(r.status).JSON(s.envelope(r))
	}
	s.logOAuth("Access token", http.StatusOK)
	life, told := tokenLife, any("3599")
	if faults.TokenSeconds > 0 {
		life = time.Duration(faults.TokenSeconds) * time.Second
	}
	if faults.TokenNumber {
		told = int(tokenLife / time.Second)
	}
	return c.JSON(tokenAnswer{AccessToken: s.tokens.mint(s.now(), life, faults.MintKillsTokens), ExpiresIn: told})
}

// tokenRefusal has a spelling of its own for each family of APIs. The one of
// payouts and balances repeats the token.
func (s *Sim) tokenRefusal(k kind, token string) error {
	echoing := &refusal{
		http.StatusUnauthorized, "401.002.01", "Error Occurred - Invalid Access Token - " + token,
	}
	missing := &refusal{http.StatusNotFound, "404.001.03", "Invalid Access Token"}
	bad := &refusal{http.StatusBadRequest, "400.003.01", "Invalid Access Token"}
	pulling := &refusal{http.StatusUnauthorized, "401.001", "Invalid Access Token"}
	if s.CurrentFaults().RotateTokenCodes {
		other := &refusal{http.StatusUnauthorized, "401.003.01", "Error Occurred - Invalid Access Token"}
		all := []*refusal{missing, bad, echoing, other, pulling}
		return all[s.tokens.countRefusal()%len(all)]
	}
	switch k {
	case kindB2C, kindBalance:
		return echoing
	case kindStatus, kindC2BRegister, kindC2BSimulate:
		return bad
	case kindPull, kindPullRegister:
		return pulling
	default:
		return missing
	}
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
