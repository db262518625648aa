package escrow

import (
	"context"
	"crypto/subtle"
	"time"
)

// Cancel calls a contract off. Before money is held either side can alone; money
// that arrives all the same goes back, see [Service.Learn]. Once it is held, the
// first call asks the other side, and the other side's call agrees; see
// [Service.AgreeCancel]. Where [Service.AskProof] says so asking takes the PIN, and
// refuses [PINNeeded], [BadPIN] and [PINLocked]. Whoever asks again is refused with
// [CancelWaits], and with [Enough] who asks anew all day long.
func (s *Service) Cancel(ctx context.Context, cmd Command) (Result, error) {
	setAt, err := s.tryPIN(ctx, &cmd, s.cancelling())
	if err != nil {
		return Result{}, err
	}
	return s.party(ctx, "cancel", cmd, func(ctx context.Context, w *work) error {
		switch {
		case w.contract.State == Pending, w.contract.State == Confirmed:
			if err := w.move(ctx, EventCancel, ""); err != nil {
				return err
			}
			return w.tellBoth(ctx, MsgCancelled)
		case !w.contract.State.Funded():
			return w.notNow()
		case w.contract.CancelBy == "" && w.role == Seller && cmd.Channel == ChannelSMS:
			// Asking is half of the seller's consent, and the buyer gains by it: a
			// buyer who forges the seller's number could then agree alone.
			return Refuse(DialNeeded).About(w.contract)
		case w.contract.CancelBy == "":
			return s.askCancel(ctx, w, cmd, setAt)
		case w.contract.CancelBy == w.role:
			return Refuse(CancelWaits).About(w.contract)
		default:
			return s.callOff(ctx, w, cmd, setAt)
		}
	})
}

// AgreeCancel agrees to the other side's wish to call off a contract whose money
// is held: it goes back to the buyer. Where [Service.CancelProof] says so it takes
// the PIN, and refuses [PINNeeded], [BadPIN] and [PINLocked], or the code of the
// message that asked, and refuses [CancelCodeNeeded], [BadCode] and [CodeLocked].
func (s *Service) AgreeCancel(ctx context.Context, cmd Command) (Result, error) {
	setAt, err := s.tryPIN(ctx, &cmd, s.callingOff(agreeCancel))
	if err != nil {
		return Result{}, err
	}
	return s.party(ctx, agreeCancel, cmd, func(ctx context.Context, w *work) error {
		asked := w.contract.CancelBy
		switch {
		case w.contract.State == Cancelled && asked == w.role.Other():
			return Refuse(Already).About(w.contract)
		case !w.contract.State.Funded():
			return w.notNow()
		case asked == w.role:
			return Refuse(NotYourTurn).About(w.contract)
		case asked == "":
			return Refuse(NotNow).About(w.contract)
		}
		return s.callOff(ctx, w, cmd, setAt)
	})
}

// callingOff is the act that sends money back which both sides want back.
func (s *Service) callingOff(what string) act {
	return act{what: what, proof: s.CancelProof, open: func(c Contract, role Role) bool {
		return c.State.Funded() && c.CancelBy == role.Other()
	}}
}

// cancelling is the act that asks for that, or agrees to it.
func (s *Service) cancelling() act {
	agreeing := s.callingOff("cancel")
	proof := func(c Contract, role Role, channel Channel) Proof {
		if c.CancelBy == "" {
			return s.AskProof(c, role, channel)
		}
		return agreeing.proof(c, role, channel)
	}
	return act{what: agreeing.what, proof: proof, open: func(c Contract, role Role) bool {
		return c.State.Funded() && c.CancelBy != role
	}}
}

// The use cases about a wish to call off. The wrong codes of agreeing are counted apart.
const (
	agreeCancel  = "agree_cancel"
	refuseCancel = "refuse_cancel"
	keepOn       = "keep_on"
)

// KeepOn takes back one's own wish to call a contract off. Done again it is refused
// with [Already].
func (s *Service) KeepOn(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, keepOn, cmd, func(ctx context.Context, w *work) error {
		switch {
		case !w.contract.State.Funded():
			return w.notNow()
		case w.contract.CancelBy == "":
			return Refuse(NotNow).About(w.contract)
		case w.contract.CancelBy != w.role:
			return Refuse(NotYourTurn).About(w.contract)
		}
		w.contract.CancelBy, w.contract.CancelAt = "", time.Time{}
		if err := w.note(ctx, cancelKept, ""); err != nil {
			return err
		}
		return w.tellBoth(ctx, MsgCancelKept)
	})
}

// RefuseCancel says no to the other side's wish to call a contract off: the wish is
// gone, and whoever had it is told. It gives nothing away, so that it takes no proof.
// It refuses [NotNow] where nothing is asked, [NotYourTurn] to whoever asked, and
// [Already] to whoever said no before.
func (s *Service) RefuseCancel(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, refuseCancel, cmd, func(ctx context.Context, w *work) error {
		switch {
		case !w.contract.State.Funded():
			return w.notNow()
		case w.contract.CancelBy == "":
			return Refuse(NotNow).About(w.contract)
		case w.contract.CancelBy == w.role:
			return Refuse(NotYourTurn).About(w.contract)
		}
		w.contract.CancelBy, w.contract.CancelAt = "", time.Time{}
		if err := w.note(ctx, cancelRefused, ""); err != nil {
			return err
		}
		if err := w.tell(ctx, w.role, MsgCancelKept); err != nil {
			return err
		}
		return w.receipt(ctx, w.role.Other(), MsgCancelRefused)
	})
}

// askCancel notes the wish and tells the other side, with the code to agree by.
// The count of wrong codes goes on: whoever asks again and again gets no more
// guesses by it. And nobody asks more often in a day than a code may be tried, so
// that a no is a no.
func (s *Service) askCancel(ctx context.Context, w *work, cmd Command, pinSetAt time.Time) error {
	if s.AskProof(w.contract, w.role, cmd.Channel) == ProofPIN {
		if err := w.pinProved(ctx, pinSetAt); err != nil {
			return err
		}
	}
	if err := w.rationed(ctx, "ask_cancel", maxCodeTries); err != nil {
		return err
	}
	w.contract.CancelBy, w.contract.CancelAt = w.role, w.now
	if err := w.note(ctx, cancelAsked, ""); err != nil {
		return err
	}
	if err := w.tell(ctx, w.role, MsgCancelAsking); err != nil {
		return err
	}
	return w.receipt(ctx, w.role.Other(), MsgCancelAsked)
}

// callOff ends a funded contract that both sides want to end.
func (s *Service) callOff(ctx context.Context, w *work, cmd Command, pinSetAt time.Time) error {
	switch s.CancelProof(w.contract, w.role, cmd.Channel) {
	case ProofPIN:
		if err := w.pinProved(ctx, pinSetAt); err != nil {
			return err
		}
	case ProofCode:
		if w.refusal = s.cancelCodeRefusal(w.contract, cmd.Code); w.refusal != nil {
			return w.countWrongCode(ctx, &w.contract.CancelTries)
		}
	case ProofNone:
	}
	payment, err := w.HeldPayment(ctx, w.contract.ID)
	if err != nil {
		return err
	}
	if err := w.move(ctx, EventCancel, "both"); err != nil {
		return err
	}
	if err := w.giveBack(ctx, payment, payment.Amount); err != nil {
		return err
	}
	return w.tellBoth(ctx, MsgCancelled)
}

// ForCancel derives the code by which the side that was asked agrees to call the
// contract off. It is bound to this one wish: neither a release code nor the code
// of a wish that was taken back agrees to it.
func (k *Codes) ForCancel(c Contract) string {
	return k.derive(c, "cancel", moment(c.CancelAt))
}

// CancelLocked reports whether too many wrong codes were given to agree by: only
// USSD, where it takes none, or a person can help.
func (c Contract) CancelLocked() bool { return c.CancelTries >= maxCodeTries }

func (s *Service) cancelCodeRefusal(c Contract, code string) *Refusal {
	switch {
	case c.CancelLocked():
		return Refuse(CodeLocked).About(c)
	case code == "":
		return Refuse(CancelCodeNeeded).About(c)
	case subtle.ConstantTimeCompare([]byte(s.codes.ForCancel(c)), []byte(code)) != 1:
		return Refuse(BadCode).About(c)
	default:
		return nil
	}
}
