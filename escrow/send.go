package escrow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Answer is a message outside any contract's act: to HELP, to STATUS, or to words
// we did not understand.
type Answer struct {
	Key      string // of the message that is answered: it is answered once
	To       Phone
	Template Template
	Params   MessageParams
	// Most, where it is not zero, is how many answers of this template the person
	// gets in an hour: whoever writes on and on gets no more of them.
	Most int
}

// Say sends an answer, once per key, and reports whether the quota let it.
func (s *Service) Say(ctx context.Context, a Answer) (said bool, err error) {
	hash, err := input("say", a.Template)
	if err != nil {
		return false, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		said = false
		first, err := tx.Claim(ctx, a.Key, hash, uuid.Nil)
		if err != nil || !first {
			return err
		}
		party, err := tx.EnsureParty(ctx, a.To)
		if err != nil {
			return err
		}
		now := s.now()
		if said, err = takeQuota(ctx, tx, a, party, now); err != nil || !said {
			return err
		}
		return queueMessage(ctx, tx, Message{
			ID: newID(), To: party, Template: a.Template, Params: a.Params,
			State: MessageQueued, CreatedAt: now, UpdatedAt: now,
		})
	})
	return said, err
}

// takeQuota takes the next free place of the hour, if one is left.
func takeQuota(ctx context.Context, tx Tx, a Answer, party Party, now time.Time) (bool, error) {
	if a.Most == 0 {
		return true, nil
	}
	hour := now.UTC().Truncate(time.Hour).Format(time.RFC3339)
	return takePlace(ctx, tx, strings.Join([]string{"quota", party.ID.String(), string(a.Template), hour}, ":"), a.Most, uuid.Nil)
}

// Send hands one message to the SMS gateway. It is the work of [SendMessage].
// A message that was being sent when we died may have gone out: it becomes
// unknown rather than being sent twice. Who misses one can ask with STATUS.
func (s *Service) Send(ctx context.Context, id uuid.UUID) error {
	m, err := s.store.FindMessage(ctx, id)
	if err != nil {
		return err
	}
	// Before the message counts as being sent: a fault here must not lose it.
	code, void, err := s.codeFor(ctx, m)
	if err != nil {
		return err
	}
	if void && m.State == MessageQueued {
		return s.drop(ctx, m, "not sent: its code is void")
	}
	if held, err := s.hold(ctx, m); err != nil || held {
		return err
	}
	messages, err := s.startSending(ctx, m)
	if err != nil || len(messages) == 0 {
		return err
	}
	var answers []Dispatch
	if b, ok := s.messenger.(Broadcaster); ok && len(messages) > 1 {
		answers = b.Broadcast(ctx, messages)
	} else {
		answers = []Dispatch{s.messenger.Send(ctx, m, code)}
	}
	var errs []error
	for i, m := range messages {
		s.log.InfoContext(ctx, "message sent", "message", m.ID, "template", m.Template, "to", m.To.Phone,
			"outcome", answers[i].Outcome, "reason", answers[i].Reason, "route", answers[i].Route)
		errs = append(errs, s.sent(context.WithoutCancel(ctx), m.ID, answers[i]))
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return own(errs)
}

// startSending marks a queued message as being sent, with those that read alike,
// and returns what is ours to send: the message first, or nothing.
func (s *Service) startSending(ctx context.Context, m Message) (messages []Message, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		messages = nil
		m, err := tx.Message(ctx, m.ID)
		if err != nil {
			return err
		}
		switch m.State {
		case MessageQueued:
			m.Batch = uuid.Nil
			if err := s.mark(ctx, tx, &m, MessageSending); err != nil {
				return err
			}
			others, err := s.gather(ctx, tx, m)
			messages = append([]Message{m}, others...)
			return err
		case MessageSending:
			if m.Batch != uuid.Nil && s.now().Sub(m.UpdatedAt) < batchPatience {
				return &Later{After: batchPause}
			}
			return s.mark(ctx, tx, &m, MessageUnknown)
		default:
			return nil
		}
	})
	return messages, err
}

// codeFor derives the code for the templates that carry one: each goes to the one
// side that may use it. A code is void where what it was for was taken back before
// the message could leave.
func (s *Service) codeFor(ctx context.Context, m Message) (code string, void bool, err error) {
	if m.Template == MsgPINResetAsked {
		if m.To.PIN.ResetAt.IsZero() {
			return "", true, nil
		}
		return s.codes.forReset(m.To, m.To.PIN.ResetAt), false, nil
	}
	if !m.Template.carriesCode() {
		return "", false, nil
	}
	contract, _, err := s.store.FindContract(ctx, m.Params.Ref)
	if err != nil {
		return "", false, err
	}
	if m.Template == MsgCancelAsked {
		if contract.CancelBy == "" || contract.Party(contract.CancelBy).ID == m.To.ID {
			return "", true, nil
		}
		return s.codes.ForCancel(contract), false, nil
	}
	if contract.Buyer.ID != m.To.ID {
		return "", false, fmt.Errorf("message %s asks for the release code of another's contract", m.ID)
	}
	return s.codes.For(contract), false, nil
}

func (s *Service) sent(ctx context.Context, id uuid.UUID, answer Dispatch) error {
	ctx, cancel := context.WithTimeout(ctx, recordBudget)
	defer cancel()
	state := map[Outcome]MessageState{
		Taken: MessageSent, Refused: MessageFailed, NotSent: MessageQueued, Unknown: MessageUnknown,
	}[answer.Outcome]
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		m, err := tx.Message(ctx, id)
		if err != nil || m.State != MessageSending {
			return err
		}
		m.ProviderID, m.Cost, m.Batch = answer.ProviderID, answer.Cost, uuid.Nil
		if m.Note = answer.Reason; answer.Route != "" {
			m.Note = strings.TrimSpace("by " + answer.Route + " " + answer.Reason)
		}
		return s.mark(ctx, tx, &m, state)
	})
	if err == nil && state == MessageQueued {
		return &Later{After: max(answer.RetryAfter, time.Second)}
	}
	return err
}

func (s *Service) mark(ctx context.Context, tx Tx, m *Message, state MessageState) error {
	m.State, m.UpdatedAt = state, s.now()
	return tx.SaveMessage(ctx, *m)
}

// reportPause is how long a delivery report waits for the message it is about:
// the gateway may report faster than it answers.
const reportPause = 5 * time.Second

// Reported takes a delivery report. Reports come late, twice and out of order,
// so a final state never changes again. A report about a message that is not
// known yet is asked to come again with [Later]. why is what kept it from arriving.
func (s *Service) Reported(ctx context.Context, providerID string, state MessageState, why string) error {
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		m, err := tx.MessageByProvider(ctx, providerID)
		if err != nil {
			return err
		}
		if m.State == MessageDelivered || m.State == MessageFailed || m.State == state {
			return nil
		}
		if why != "" {
			m.Note = why
		}
		return s.mark(ctx, tx, &m, state)
	})
	if IsNotFound(err) {
		return &Later{After: reportPause}
	}
	return err
}
