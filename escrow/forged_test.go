package escrow_test

import (
	"errors"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A sender's number by SMS can be forged by whoever gains by it: the buyer by the
// seller's wish to call off, the seller by the buyer's withdrawal after accepting.
func TestWhatAForgedSMSMustNotBeginIsDialled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		state escrow.State
		from  escrow.Phone
		first func(*storetest.World, escrow.Contract) error
		do    func(*storetest.World) func(escrow.Command) (escrow.Result, error)
	}{
		"the seller asks to call off": {
			escrow.Delivered, otieno, nil,
			func(w *storetest.World) func(escrow.Command) (escrow.Result, error) {
				return func(c escrow.Command) (escrow.Result, error) { return w.Service.Cancel(w.TB.Context(), c) }
			},
		},
		"the buyer withdraws after accepting": {
			escrow.Accepted, amina,
			func(w *storetest.World, c escrow.Contract) error {
				_, err := w.Service.Dispute(w.TB.Context(), w.Command(amina, c.Ref))
				return err
			},
			func(w *storetest.World) func(escrow.Command) (escrow.Result, error) {
				return func(c escrow.Command) (escrow.Result, error) { return w.Service.Withdraw(w.TB.Context(), c) }
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(test.state, price)
				if test.first != nil {
					if err := test.first(w, c); err != nil {
						t.Fatal(err)
					}
				}
				cmd := w.Command(test.from, c.Ref)
				cmd.Channel = escrow.ChannelSMS
				if _, err := test.do(w)(cmd); !errors.Is(err, escrow.Refuse(escrow.DialNeeded)) {
					t.Errorf("by SMS it is answered %v", err)
				}
				if _, err := test.do(w)(w.Command(test.from, c.Ref)); err != nil {
					t.Errorf("by USSD it is answered %v", err)
				}
				w.Work()
				w.Prove()
			})
		})
	}
}

// An operator who was called about a silent seller stays called while a dispute
// comes and goes.
func TestADisputeThatIsWithdrawnLeavesTheSilenceWithAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Accepted, price)
		w.PassTo(eat(9, 9))
		wantItems(t, w, "[accepted_silent]")
		if _, err := w.Service.Dispute(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Service.Withdraw(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantItems(t, w, "[accepted_silent]")
		w.Prove()
	})
}

// Much money goes to another number only if two operators say so.
func TestAnotherNumberForMuchMoneyTakesTwoOperators(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, w.Policy.FourEyesAbove+100)
		payout := w.Till.Last(t, escrow.Payout)
		w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
		alone := w.Errand("k1")
		for code, second := range map[escrow.Code]string{escrow.UnknownOperator: "", escrow.SameOperator: alone.Operator} {
			alone.Second = second
			if err := w.Service.Retry(t.Context(), payout.ID, "+254722000777", alone); !errors.Is(err, escrow.Refuse(code)) {
				t.Errorf("alone it is answered %v, want %s", err, code)
			}
		}
		alone.Second = w.Operator("Second")
		if err := w.Service.Retry(t.Context(), payout.ID, "+254722000777", alone); err != nil {
			t.Fatal(err)
		}
		w.Work()
		if again := w.Till.Last(t, escrow.Payout); again.Party.Phone != "+254722000777" {
			t.Errorf("it goes to %s", again.Party.Phone)
		}
		w.Prove()
	})
}
