package simulator

import (
	"context"
	"fmt"
	"net/http"
)

// drop ends the call as a lost signal does, also between an answer and its
// screen: the gateway hears of it by the end event only, and the phone says so.
func (s *Sim) drop(ctx context.Context, number string) error {
	s.lines.mu.Lock()
	sess := s.lines.sessions[number]
	if sess == nil || sess.ended {
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "There is no call to drop. Dial first.")
	}
	sess.screen, sess.ended, sess.lost = screenFailed, true, true
	s.lines.mu.Unlock()
	return s.endSession(ctx, sess, endIncomplete, "")
}

// loseAnswer drops the call whose answer the gateway has just heard, once.
func (s *Sim) loseAnswer(ctx context.Context, sess *session) error {
	never := false
	if err := s.setNetwork(ctx, sess.number, networkChange{LoseAnswer: &never}); err != nil {
		return err
	}
	s.lines.mu.Lock()
	over := sess.ended
	if !over {
		sess.screen, sess.ended, sess.lost = screenFailed, true, true
	}
	s.lines.mu.Unlock()
	if over {
		return nil
	}
	return s.endSession(ctx, sess, endIncomplete, "")
}

// repeat sends again what the phone sent last: the hop or the text.
func (s *Sim) repeat(ctx context.Context, number, what string) error {
	switch what {
	case "hop":
		return s.repeatHop(ctx, number)
	case "text":
		return s.repeatText(ctx, number)
	default:
		return refuse(http.StatusBadRequest, "Repeat what: hop or text?")
	}
}

// repeatHop sends the last hop again byte for byte, as a load balancer or an
// operator may, and tells the log whether the gateway answered the same. Another
// answer is shown, so that nobody misses it.
func (s *Sim) repeatHop(ctx context.Context, number string) error {
	s.lines.mu.Lock()
	sess := s.lines.sessions[number]
	if sess == nil || sess.hops == 0 {
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "There is no call. Dial first.")
	}
	if sess.inFlight {
		s.lines.mu.Unlock()
		return refuse(http.StatusConflict, "The phone is waiting for the network.")
	}
	request, hop, before := sess.sent, sess.hops, sess.reply
	s.lines.mu.Unlock()
	res, err := s.postHop(ctx, request)
	verdict := "the same answer"
	if err != nil || res.body != before {
		verdict = "ANOTHER answer"
	}
	s.wire.add(WireEntry{
		To: toGateway, Kind: kindUSSD, Who: mask(number), Status: res.status,
		Summary: fmt.Sprintf("Screen %d again: %s", hop, verdict),
	})
	if err == nil && res.body != before {
		s.showAgain(sess, res)
	}
	s.changed()
	return nil
}

// showAgain puts the answer to a repeated hop on the screen of an open session
// that has not moved on.
func (s *Sim) showAgain(sess *session, res hopReply) {
	s.lines.mu.Lock()
	moved := sess.ended || sess.inFlight
	s.lines.mu.Unlock()
	if !moved {
		s.show(sess, res, nil)
	}
}
