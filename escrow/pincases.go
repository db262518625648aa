package escrow

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"
)

// SetPIN gives the caller, who may be a stranger yet, a first PIN. It moves money
// from [PINRest] on. It refuses [WeakPIN] and [PINIsSet].
func (s *Service) SetPIN(ctx context.Context, cmd PINCommand) (PINStatus, error) {
	if err := s.takesPIN(&cmd); err != nil {
		return PINStatus{}, err
	}
	sealed, err := s.sealPIN(ctx, cmd)
	if err != nil {
		return PINStatus{}, err
	}
	status, _, err := s.onPIN(ctx, cmd.instruction("set_pin"), func(ctx context.Context, w *pinWork) error {
		if w.status.Set() {
			return Refuse(PINIsSet)
		}
		w.status, w.sealed = PINStatus{SetAt: w.now, TrustedAt: w.now.Add(PINRest)}, sealed
		if err := w.note(ctx, PINSet, uuid.Nil); err != nil {
			return err
		}
		return w.tell(ctx, MsgPINSet)
	})
	return status, err
}

// ChangePIN puts a new PIN in the place of the caller's old one, whose trust it
// inherits. It refuses [WeakPIN], [SamePIN], [PINNotSet], [BadPIN] and [PINLocked];
// a wrong old one is counted.
func (s *Service) ChangePIN(ctx context.Context, cmd PINCommand) (PINStatus, error) {
	if err := s.takesPIN(&cmd); err != nil {
		return PINStatus{}, err
	}
	if subtle.ConstantTimeCompare([]byte(cmd.Old), []byte(cmd.PIN)) == 1 {
		return PINStatus{}, Refuse(SamePIN)
	}
	in := cmd.instruction("change_pin")
	setAt, err := s.provePIN(ctx, pinTry{what: in.what, request: cmd.Request, input: in.input, pin: cmd.Old})
	if err != nil {
		return PINStatus{}, err
	}
	sealed, err := s.sealPIN(ctx, cmd)
	if err != nil {
		return PINStatus{}, err
	}
	status, _, err := s.onPIN(ctx, in, func(ctx context.Context, w *pinWork) error {
		switch {
		case w.status.Locked():
			return Refuse(PINLocked)
		case !w.status.SetAt.Equal(setAt):
			return Refuse(PINNeeded)
		}
		w.status.SetAt, w.sealed = w.after(setAt), sealed
		if err := w.note(ctx, PINChanged, uuid.Nil); err != nil {
			return err
		}
		return w.tell(ctx, MsgPINChanged)
	})
	return status, err
}

// ForgotPIN asks for a reset: the code for it goes to the phone by SMS at once, and
// is taken from [PINRest] on. Until then the old PIN stays, and giving it ends the
// reset. Whoever asks again gets the same code again, a few times an hour, and
// waits no longer. It refuses [PINNotSet].
func (s *Service) ForgotPIN(ctx context.Context, cmd PINCommand) (PINStatus, error) {
	if cmd.Channel != ChannelUSSD {
		return PINStatus{}, Refuse(DialNeeded)
	}
	cmd.PIN, cmd.Old, cmd.Code, cmd.Key = "", "", "", s.codes.blind(cmd.Key)
	status, _, err := s.onPIN(ctx, cmd.instruction("forgot_pin"), func(ctx context.Context, w *pinWork) error {
		if !w.status.Set() {
			return Refuse(PINNotSet)
		}
		if _, asked := w.status.Resetting(w.now); !asked {
			w.status.ResetAt, w.status.ResetTries = w.now, 0
			if err := w.note(ctx, PINResetAsked, uuid.Nil); err != nil {
				return err
			}
		}
		quota := Answer{Template: MsgPINResetAsked, Most: resetMessages}
		if said, err := takeQuota(ctx, w.Tx, quota, w.party, w.now); err != nil || !said {
			return err
		}
		return w.tell(ctx, MsgPINResetAsked)
	})
	return status, err
}

// resetMessages is how often the code of a reset is sent in an hour.
const resetMessages = 3

// ResetPIN sets a new PIN by the code of the reset that was asked for, which has
// waited for [PINRest]: it moves money at once, and a lock is gone. It refuses
// [WeakPIN], [NoPINReset], [PINResetWaits] and, counted, [BadCode]; after the fifth
// a new reset has to be asked for.
func (s *Service) ResetPIN(ctx context.Context, cmd PINCommand) (PINStatus, error) {
	if err := s.takesPIN(&cmd); err != nil {
		return PINStatus{}, err
	}
	sealed, err := s.sealPIN(ctx, cmd)
	if err != nil {
		return PINStatus{}, err
	}
	status, _, err := s.onPIN(ctx, cmd.instruction("reset_pin"), func(ctx context.Context, w *pinWork) error {
		wait, asked := w.status.Resetting(w.now)
		switch {
		case !asked:
			return Refuse(NoPINReset)
		case wait > 0:
			refusal := Refuse(PINResetWaits)
			refusal.Wait = wait
			return refusal
		}
		want := s.codes.forReset(w.party, w.status.ResetAt)
		if subtle.ConstantTimeCompare([]byte(want), []byte(cmd.Code)) != 1 {
			return w.wrongReset(ctx)
		}
		w.status, w.sealed = PINStatus{SetAt: w.after(w.status.SetAt), TrustedAt: w.now}, sealed
		if err := w.note(ctx, PINReset, uuid.Nil); err != nil {
			return err
		}
		return w.tell(ctx, MsgPINChanged)
	})
	return status, err
}

// wrongReset counts a reset code that was wrong.
func (w *pinWork) wrongReset(ctx context.Context) error {
	w.status.ResetTries++
	if err := w.note(ctx, PINResetWrong, uuid.Nil); err != nil {
		return err
	}
	if left := maxPINTries - w.status.ResetTries; left > 0 {
		w.refusal = Refuse(BadCode)
		w.refusal.Left = left
		return nil
	}
	w.refusal = Refuse(NoPINReset)
	return w.dropReset(ctx)
}

// ClearPIN takes a party's PIN away, by an operator who has made sure who asks: the
// next one is set as a first, and rests before it moves money. Money goes by the
// codes of our SMS meanwhile.
func (s *Service) ClearPIN(ctx context.Context, m Mediation, phone Phone) error {
	reason := printable(m.Reason)
	if reason == "" {
		return Refuse(NoReason)
	}
	in := pinInstruction{
		Request: Request{Key: m.Key, From: phone, Channel: ChannelOperator}, what: "clear_pin", input: []string{string(phone), reason},
	}
	_, _, err := s.onPIN(ctx, in, func(ctx context.Context, w *pinWork) error {
		operator, err := operatorOf(ctx, w.Tx, m.Operator)
		if err != nil {
			return err
		}
		if !w.status.Set() {
			return Refuse(PINNotSet)
		}
		w.status, w.sealed, w.detail = PINStatus{}, nil, operator.Name+": "+reason
		if err := w.note(ctx, PINCleared, uuid.Nil); err != nil {
			return err
		}
		return w.tell(ctx, MsgPINCleared)
	})
	return err
}

// takesPIN refuses a new PIN that is weak or comes by another way than USSD, and
// gives the command a key of which nobody without ours can tell what was typed.
func (s *Service) takesPIN(cmd *PINCommand) error {
	switch {
	case cmd.Channel != ChannelUSSD:
		return Refuse(DialNeeded)
	case cmd.PIN.Weak(cmd.From):
		return Refuse(WeakPIN)
	}
	cmd.Key = s.codes.blind(cmd.Key)
	return nil
}

func (s *Service) sealPIN(ctx context.Context, cmd PINCommand) ([]byte, error) {
	return s.store.SealPIN(ctx, cmd.From, cmd.PIN)
}

func (c PINCommand) instruction(what string) pinInstruction {
	return pinInstruction{Request: c.Request, what: what, input: c}
}

// after is now, or a moment after the PIN before: by the time at which it was set
// one PIN is told from another.
func (w *pinWork) after(before time.Time) time.Time {
	if w.now.After(before) {
		return w.now
	}
	return before.Add(time.Microsecond)
}
