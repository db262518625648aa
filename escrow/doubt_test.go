package escrow_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func wantItems(t *testing.T, w *storetest.World, want string) {
	t.Helper()
	if got := fmt.Sprint(w.Items()); got != want {
		t.Errorf("operator items %s, want %s", got, want)
	}
}

func wantSent(t *testing.T, w *storetest.World, want int) {
	t.Helper()
	if n := len(w.Till.Taken()); n != want {
		t.Errorf("%d transfers were sent, want %d", n, want)
	}
}

// after lets time pass and the jobs that come due meanwhile run.
func after(w *storetest.World, whole, step time.Duration) {
	w.TB.Helper()
	for passed := time.Duration(0); passed < whole; passed += step {
		w.Clock.Advance(step)
		w.Work()
	}
}

// The gateway was down between the buyer's choice and the push.
func TestAPromptThatIsSentLateIsNotSentAtAll(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(6 * time.Hour)
		w.Work()
		wantSent(t, w, 0)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
		if last := w.Postbox.Last(t, amina); last.Template != escrow.MsgPaymentFailed {
			t.Errorf("the buyer was told %s", last.Template)
		}
	})
}

// A prompt has its five minutes from when it was sent, not from when it was asked for.
func TestAPromptHasItsTimeFromWhenItWasSent(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(4 * time.Minute)
		w.Work()
		after(w, 4*time.Minute, 20*time.Second)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentPending)
		after(w, 2*time.Minute, 20*time.Second)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
	})
}

func TestAQueryNeverMakesAPromptFail(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"1037", "1032", "1", "2001"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, transfer := paying(t, w)
				w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.NotMoved, Code: code})
				after(w, 2*time.Minute, 10*time.Second)
				wantState(t, w, c, escrow.Confirmed, escrow.PaymentPending)
				after(w, time.Hour, 6*time.Minute)
				wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
				w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
				after(w, 24*time.Hour, time.Hour)
				wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
			})
		})
	}
}

func TestAQuestionThatCouldNotBePutIsPutAgain(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.NotAsked})
		after(w, 30*time.Hour, 3*time.Hour)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
		w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
		after(w, time.Hour, time.Hour)
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

func TestAQuestionThatCanNeverBePutGoesToAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		_, transfer := paying(t, w)
		w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.NotAsked})
		after(w, 60*time.Hour, 4*time.Hour)
		wantItems(t, w, "[collect_unknown]")
	})
}

func TestAPromptOfWhichNothingIsEverHeardGoesToAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.Till.Answer(escrow.Submission{Outcome: escrow.Unknown})
		c, _ := paying(t, w)
		after(w, 26*time.Hour, 2*time.Hour)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
		wantItems(t, w, "[collect_unknown]")
	})
}

// Looks can come early: a clock that differs, a job that ran twice.
func TestASilentPayoutGoesToAPersonHoweverOftenItWasLookedAt(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		payout := w.Till.Last(t, escrow.Payout)
		for range 10 {
			var later *escrow.Later
			if err := w.Service.Watch(t.Context(), payout.ID); !errors.As(err, &later) {
				t.Fatal(err)
			}
		}
		after(w, 3*time.Hour, 10*time.Minute)
		wantItems(t, w, "[payout_silent]")
		w.Pay(escrow.Payout, "R9")
	})
}

// The process died after it had noted that it sends, and before it sent.
func TestAPayoutThatNeverLeftIsSentAgainUnderItsOwnID(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"}) // the collection
		w.Till.Answer(escrow.Submission{Outcome: escrow.Unknown})          // the payout
		c := w.DealIn(escrow.Completed, price)
		payout := w.Till.Last(t, escrow.Payout)
		unseen := escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"}

		w.Clock.Advance(time.Minute)
		w.Learn(escrow.Payout, unseen) // too early: the provider may not know it yet
		w.Work()
		wantSent(t, w, 2)

		w.Clock.Advance(10 * time.Minute)
		w.Learn(escrow.Payout, unseen)
		w.Learn(escrow.Payout, unseen)
		w.Work()
		wantSent(t, w, 3)
		if again := w.Till.Last(t, escrow.Payout); again.ID != payout.ID {
			t.Errorf("sent again as %s, want %s", again.ID, payout.ID)
		}
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func TestAPromptIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		// Usually a prompt's life is over before a payout would be sent again.
		w := storetest.NewWorld(t, open, func(p *escrow.Policy) { p.PromptLife = 6 * p.ResendAfter })
		w.Till.Answer(escrow.Submission{Outcome: escrow.Unknown})
		_, transfer := paying(t, w)
		w.Clock.Advance(2 * w.Policy.ResendAfter)
		if err := w.Service.Learn(t.Context(), transfer.ID, escrow.Finding{Verdict: escrow.NeverSeen}, "test"); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantSent(t, w, 1)
		w.Clock.Advance(w.Policy.PromptLife)
		w.Work()
		wantSent(t, w, 1)
		// It is still asked about, as what was sent and may be paid.
		now, err := w.Store.FindTransfer(t.Context(), transfer.ID)
		if err != nil || now.ResultCode != "timeout" {
			t.Errorf("the prompt ended with %q, %v", now.ResultCode, err)
		}
		w.Prove()
	})
}

func TestAPayoutThatCannotBeSentCallsAPersonAndGoesOn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"})
		for range 40 {
			w.Till.Answer(escrow.Submission{Outcome: escrow.NotSent, Code: "network"})
		}
		c := w.DealIn(escrow.Completed, price)
		after(w, 2*time.Hour, time.Minute)
		wantItems(t, w, "[payout_silent]")
		events, err := w.Store.Events(t.Context(), c.ID)
		if err != nil || len(events) > 100 {
			t.Errorf("%d audit events, %v", len(events), err)
		}
		after(w, 2*time.Hour, time.Minute)
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func TestTheBuyersOwnNumberFundsHoweverItIsShown(t *testing.T) {
	t.Parallel()
	for _, shown := range []string{"", amina.MSISDN(), "2547*****001", "2547 ***** 001", "254***", "2547***000001", hashed(amina)} {
		t.Run(shown, func(t *testing.T) {
			t.Parallel()
			w := storetest.NewSQLiteWorld(t)
			c, _ := paying(t, w)
			finding := paid("R1")
			finding.Payer = shown
			w.Learn(escrow.Collect, finding)
			wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		})
	}
}

// hashed is how the first version of PayBill confirmations shows a number.
func hashed(phone escrow.Phone) string {
	sum := sha256.Sum256([]byte(phone.MSISDN()))
	return hex.EncodeToString(sum[:])
}

func TestAReceiptOverAnotherAmountThanWasCountedCallsAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		paying(t, w)
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.Moved, Code: "0"}) // by query, without amount
		finding := paid("R1")
		finding.Amount = 100
		w.Learn(escrow.Collect, finding)
		w.Work()
		wantItems(t, w, "[amount_mismatch]")
	})
}

// A job that was lost, with its last try or with a backup.
func TestATransferWithoutAJobIsFound(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		w.TakeJobs()
		payout := w.Till.Last(t, escrow.Payout)
		w.Clock.Advance(time.Minute)
		w.TakeJobs() // the look is lost
		w.Clock.Advance(3 * time.Hour)
		w.Till.Say(payout.ID, paid("R9"))
		if err := w.Service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Work()
		view, err := w.Service.View(t.Context(), otieno, payout.Ref)
		if err != nil || view.Payment != escrow.PaymentReleased {
			t.Errorf("the payment is %s, %v", view.Payment, err)
		}
	})
}

func TestAPersonIsCalledAboutWhatWeDoNotKnow(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		transfer := uuid.New()
		for range 2 {
			if err := w.Service.CallPerson(t.Context(), escrow.ItemUnknownSubject, transfer, "receipt R1"); err != nil {
				t.Fatal(err)
			}
		}
		wantItems(t, w, "[unknown_subject]")
	})
}

func TestAnswersHaveAQuota(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		say := func(n int) bool {
			said, err := w.Service.Say(t.Context(), escrow.Answer{
				Key: fmt.Sprint("message ", n), To: amina, Template: escrow.MsgUnknown, Most: 2,
			})
			if err != nil {
				t.Fatal(err)
			}
			return said
		}
		got := []bool{say(1), say(1), say(2), say(3), say(3)}
		w.Clock.Advance(time.Hour)
		if got = append(got, say(4)); !slices.Equal(got, []bool{true, false, true, false, false, true}) {
			t.Errorf("said %v", got)
		}
	})
}

// What M-Pesa calls the seller is what the other side of the next deal sees.
func TestANameIsLearntFromAPayout(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		finding := paid("R9")
		finding.Payee = "OTIENO MBUGUA"
		w.Learn(escrow.Payout, finding)
		view, err := w.Service.View(t.Context(), amina, c.Ref)
		if err != nil || !strings.HasPrefix(view.Contract.Seller.Label(), "OTIENO M.") {
			t.Errorf("the seller is called %q, %v", view.Contract.Seller.Label(), err)
		}
	})
}

func TestAnAuditChainThatWasTouchedIsBroken(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := w.DealIn(escrow.Delivered, price)
	events, err := w.Store.Events(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	head := events[len(events)-1].Hash
	if bad := escrow.Verify(events, head); bad != 0 {
		t.Fatalf("event %d of an untouched chain is broken", bad)
	}
	if bad := escrow.Verify(events[:len(events)-1], head); bad != int64(len(events)) {
		t.Errorf("a chain cut short: %d", bad)
	}
	for name, touch := range map[string]func(*escrow.AuditEvent){
		"id": func(e *escrow.AuditEvent) { e.ID[0]++ }, "actor": func(e *escrow.AuditEvent) { e.Actor[0]++ },
		"time": func(e *escrow.AuditEvent) { e.At = e.At.Add(time.Microsecond) }, "to": func(e *escrow.AuditEvent) { e.To = "" },
		"detail": func(e *escrow.AuditEvent) { e.Detail += " " }, "number": func(e *escrow.AuditEvent) { e.Seq++ },
	} {
		for i := range events {
			touched := append([]escrow.AuditEvent(nil), events...)
			touch(&touched[i])
			if bad := escrow.Verify(touched, head); bad == 0 {
				t.Errorf("event %d with another %s is taken", i+1, name)
			}
		}
	}
}
