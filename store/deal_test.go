package store_test

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

const (
	amina  escrow.Phone = "+254712000001"
	otieno escrow.Phone = "+254712000002"
)

func propose(t *testing.T, w *storetest.World) escrow.Contract {
	t.Helper()
	result, err := w.Service.Propose(t.Context(), escrow.Proposal{
		Request: w.Request(otieno), Role: escrow.Seller, Other: amina,
		Item: "Maize 10 bags", Amount: escrow.Shillings(3500), DeliverBy: w.Clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.Contract
}

func TestDeal(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := propose(t, w)
	w.Work()
	if _, err := w.Service.Agree(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	w.Work()
	w.Pay(escrow.Collect, "TKN7RT61SV")
	if _, err := w.Service.ConfirmDelivery(t.Context(), w.Command(otieno, c.Ref)); err != nil {
		t.Fatal(err)
	}
	w.Work()
	result, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref))
	if err != nil {
		t.Fatal(err)
	}
	if result.Contract.State != escrow.Completed {
		t.Fatal(result.Contract.State)
	}
	w.Work()
	w.Pay(escrow.Payout, "TKN7RT61SW")
	view, err := w.Service.View(t.Context(), otieno, c.Ref)
	if err != nil || view.Payment != escrow.PaymentReleased {
		t.Fatal(view.Payment, err)
	}
	t.Log(w.Postbox.To(amina), w.Postbox.To(otieno))
}
