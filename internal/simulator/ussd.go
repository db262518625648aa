package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

const (
	// ussdAnswerLimit is how long Africa's Talking waits for the gateway.
	ussdAnswerLimit = 10 * time.Second
	// ussdSessionLimit is the operators' limit for a whole session in Kenya.
	ussdSessionLimit = 180 * time.Second
	// ussdInputLimit is Airtel's limit for one answer, the larger of the two known.
	ussdInputLimit = 90

	screenFailed  = "Connection problem or invalid MMI code"
	screenExpired = "Session timed out"
)

// Outcomes of a session in the end event (Africa's Talking, USSD page).
const (
	endSuccess    = "Success"
	endIncomplete = "Incomplete"
	endFailed     = "Failed"
)

// session is one USSD dialog. It lives in memory: a real one does not survive
// the operator's equipment either, and the phone just dials again.
type session struct {
	id       string
	number   string
	text     string // answers joined with *
	started  time.Time
	hops     int
	labels   []string // hop metadata returned so far
	label    string   // to be echoed on the next hop
	reply    string   // last answer of the gateway as sent
	screen   string
	sent     hopRequest // the last hop, to be sent again
	inFlight bool
	ended    bool // nothing more can be answered
	lost     bool // the screen is the network's
}

// switchboard holds the dialog on each phone's screen.
type switchboard struct {
	mu       sync.Mutex
	sessions map[string]*session // by number
}

func newSwitchboard() *switchboard { return &switchboard{sessions: map[string]*session{}} }

// view is what the phone shows.
func (b *switchboard) view(number string) USSDView {
	b.mu.Lock()
	defer b.mu.Unlock()
	sess, shown := b.sessions[number]
	if !shown {
		return USSDView{}
	}
	return USSDView{
		Open: !sess.ended, Screen: sess.screen, Label: sess.label, Ended: sess.ended, Lost: sess.lost,
		Busy: sess.inFlight && !sess.ended,
	}
}

// dial starts a session. Digits after the service code reach the first hop as
// text, which is how operators that support deep dialling pass them.
func (s *Sim) dial(ctx context.Context, number, code string) error {
	text, known := s.deepDial(code)
	sess := &session{id: "ATUid_" + s.dice.hex32(), number: number, text: text, started: s.now(), inFlight: known}
	if !known {
		// The network knows no such code; no provider hears of it.
		sess.screen, sess.ended, sess.lost = screenFailed, true, true
	}
	s.lines.mu.Lock()
	previous := s.lines.sessions[number]
	if previous != nil && previous.inFlight && !previous.ended {
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "The phone is waiting for the network.")
	}
	s.lines.sessions[number] = sess
	abandoned := previous != nil && !previous.ended
	s.lines.mu.Unlock()
	// A dial over an open session was observed to end that one as Incomplete.
	if abandoned {
		if err := s.endSession(ctx, previous, endIncomplete, ""); err != nil {
			return err
		}
	}
	s.changed()
	if !known {
		return nil
	}
	return s.hop(ctx, sess)
}

// deepDial splits *384*12345*1*2# into the service code and "1*2".
func (s *Sim) deepDial(code string) (string, bool) {
	if code == s.cfg.ServiceCode {
		return "", true
	}
	rest, ok := strings.CutPrefix(code, strings.TrimSuffix(s.cfg.ServiceCode, "#")+"*")
	if !ok || !strings.HasSuffix(rest, "#") || len(rest) == 1 {
		return "", false
	}
	return strings.TrimSuffix(rest, "#"), true
}

// answer sends what the person typed. The text only ever grows; an empty
// answer leaves a trailing separator, except on the first screen, where it is
// indistinguishable from a fresh dial.
func (s *Sim) answer(ctx context.Context, number, input string) error {
	if utf8.RuneCountInString(input) > ussdInputLimit {
		return refuse(http.StatusBadRequest, "That answer is too long for this phone.")
	}
	s.lines.mu.Lock()
	sess := s.lines.sessions[number]
	switch {
	case sess == nil || sess.ended:
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "There is no open session. Dial the code first.")
	case sess.inFlight:
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "The phone is waiting for the network.")
	}
	if sess.hops == 1 && sess.text == "" {
		sess.text = input
	} else {
		sess.text += "*" + input
	}
	sess.inFlight = true
	s.lines.mu.Unlock()
	s.changed()
	return s.hop(ctx, sess)
}

// hangup clears the screen. The gateway learns of it by the end event only.
func (s *Sim) hangup(ctx context.Context, number string) error {
	s.lines.mu.Lock()
	sess := s.lines.sessions[number]
	delete(s.lines.sessions, number)
	cut := sess != nil && !sess.ended
	if cut {
		// An answer still on its way finds the session ended and is dropped.
		sess.ended = true
	}
	s.lines.mu.Unlock()
	if cut {
		if err := s.endSession(ctx, sess, endIncomplete, ""); err != nil {
			return err
		}
	}
	s.changed()
	return nil
}

// hop asks the gateway for the next screen and shows it.
func (s *Sim) hop(ctx context.Context, sess *session) error {
	s.lines.mu.Lock()
	sess.hops++
	sess.sent = s.hopRequest(sess)
	request, number := sess.sent, sess.hops
	s.lines.mu.Unlock()
	network, err := readNetwork(ctx, s.db, sess.number)
	if err != nil {
		s.show(sess, hopReply{}, err)
		return err
	}
	res, err := s.slowHop(ctx, request, network.slow())
	s.wire.add(WireEntry{
		To: toGateway, Kind: kindUSSD, Who: mask(sess.number), Status: res.status,
		Summary: hopSummary(number, res, err),
	})
	if network.LoseAnswer {
		if err := s.loseAnswer(ctx, sess); err != nil {
			return err
		}
	}
	outcome, problem := s.show(sess, res, err)
	s.changed()
	if outcome == "" {
		return nil
	}
	return s.endSession(ctx, sess, outcome, problem)
}

// show puts the reply on the screen and returns how the session ended, or "".
func (s *Sim) show(sess *session, res hopReply, err error) (string, string) {
	s.lines.mu.Lock()
	defer s.lines.mu.Unlock()
	sess.inFlight = false
	if sess.ended {
		return "", "" // hung up meanwhile
	}
	sess.reply, sess.label = res.body, res.label
	if res.label != "" {
		sess.labels = append(sess.labels, res.label)
	}
	prefix, screen, _ := strings.Cut(res.body, " ")
	switch {
	case err != nil:
		sess.screen, sess.ended, sess.lost = screenFailed, true, true
		return endFailed, err.Error()
	case prefix == "END":
		sess.screen, sess.ended = screen, true
		return endSuccess, ""
	default:
		sess.screen = screen
		return "", ""
	}
}

// expireSessions ends the dialogs that outlived the operator's limit.
func (s *Sim) expireSessions(ctx context.Context) error {
	deadline := s.now().Add(-ussdSessionLimit)
	var over []*session
	s.lines.mu.Lock()
	for _, sess := range s.lines.sessions {
		if !sess.ended && !sess.inFlight && sess.started.Before(deadline) {
			sess.screen, sess.ended, sess.lost = screenExpired, true, true
			over = append(over, sess)
		}
	}
	s.lines.mu.Unlock()
	failures := make([]error, 0, len(over))
	for _, sess := range over {
		failures = append(failures, s.endSession(ctx, sess, endIncomplete, ""))
		s.hub.notify()
	}
	return errors.Join(failures...)
}

// endSession owes the gateway the end event. Field order and the empty fields
// are those of an event captured from the sandbox in October 2026.
func (s *Sim) endSession(ctx context.Context, sess *session, status, problem string) error {
	s.lines.mu.Lock()
	sess.ended = true
	now := s.now()
	body := encodeForm(
		field{"durationInMillis", strconv.FormatInt(now.Sub(sess.started).Milliseconds(), 10)},
		field{"phoneNumber", sess.number},
		field{"errorMessage", problem},
		field{"serviceCode", s.cfg.ServiceCode},
		field{"lastAppResponse", sess.reply},
		field{"hopsMetadata", strings.Join(sess.labels, "|")},
		field{"hopsCount", strconv.Itoa(sess.hops)},
		field{"status", status},
		field{"sessionId", sess.id},
		field{"cost", "0.00"},
		field{"date", now.Format(time.DateTime)},
		field{"networkCode", sandboxNetwork},
		field{"input", sess.text},
	)
	cb := callback{
		Kind: kindUSSDEvent, Who: mask(sess.number), URL: s.gatewayURL("/ussd/events"), Ref: sess.id,
		Summary: fmt.Sprintf("Session ended: %s after %s", status, plural(sess.hops, "screen")), Body: body,
	}
	s.lines.mu.Unlock()
	if err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		return s.enqueue(ctx, tx, cb, s.cfg.CallbackDelay)
	}); err != nil {
		return fmt.Errorf("simulator: end session: %w", err)
	}
	s.changed()
	return nil
}
