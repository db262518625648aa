package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A backup is a minute old when it is restored, and the bank has gone on: it has
// paid a seller of whom the backup knows nothing yet. What the buyer then does
// again orders the payout under the id that the bank has seen.
func TestARestoredBackupPaysNothingTwice(t *testing.T) {
	t.Parallel()
	b := sqliteBench(t)
	c := b.DealIn(escrow.Delivered, escrow.Shillings(3_500))
	backup := &bench{name: "backup", address: "sqlite:" + filepath.Join(t.TempDir(), "backup.db")}
	if _, err := b.raw.ExecContext(t.Context(), "VACUUM INTO $1", backup.address[len("sqlite:"):]); err != nil {
		t.Fatal(err)
	}
	accept := func(w *storetest.World) escrow.Transfer {
		t.Helper()
		cmd := w.Command(storetest.Amina, c.Ref)
		cmd.Key = "accept"
		if _, err := w.Service.AcceptGoods(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
		w.Work()
		return w.Till.Last(t, escrow.Payout)
	}
	paid := accept(b.World)
	b.Pay(escrow.Payout, "TKP1")

	backup.World = storetest.NewWorld(t, backup.opener)
	backup.Clock.Advance(time.Minute)
	seen := escrow.Submission{Outcome: escrow.Taken, Code: "500.002.1001", Reason: "Duplicate OriginatorConversationID."}
	backup.Till.Answer(seen)
	if again := accept(backup.World); again.ID != paid.ID {
		t.Errorf("the bank is asked to pay %s, and has paid %s", again.ID, paid.ID)
	}
	backup.Pay(escrow.Payout, "TKP1")
	view, err := backup.Service.View(t.Context(), storetest.Otieno, c.Ref)
	if err != nil || view.Payment != escrow.PaymentReleased {
		t.Errorf("the payment is %s, %v", view.Payment, err)
	}
	backup.Prove()
}
