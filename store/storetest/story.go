package storetest

import (
	"context"
	"strconv"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// The people of most tests.
const (
	Amina   escrow.Phone = "+254712000001" // buys
	Otieno  escrow.Phone = "+254722000418" // sells
	Mallory escrow.Phone = "+254733000999" // is no party
)

// Deal makes a contract between Otieno, who proposes and sells, and Amina.
func (w *World) Deal(amount escrow.Cents) escrow.Contract {
	w.TB.Helper()
	return w.deal(amount, 0)
}

func (w *World) deal(amount escrow.Cents, days int) escrow.Contract {
	w.TB.Helper()
	result, err := w.Service.Propose(w.TB.Context(), escrow.Proposal{
		Request: w.Request(Otieno), Role: escrow.Seller, Other: Amina,
		Item: "Maize 10 bags", Amount: amount, DeliverBy: w.Clock.Now().AddDate(0, 0, days),
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	w.Work()
	return result.Contract
}

// DealIn makes a contract and takes it to state by the acts of its parties.
func (w *World) DealIn(state escrow.State, amount escrow.Cents) escrow.Contract {
	w.TB.Helper()
	return w.DueIn(state, amount, 0)
}

// DueIn is [World.DealIn] with the goods due in so many days.
func (w *World) DueIn(state escrow.State, amount escrow.Cents, days int) escrow.Contract {
	w.TB.Helper()
	return w.DealOn(w.deal(amount, days), state)
}

// DealOn takes a contract on to a state that lies on its way.
func (w *World) DealOn(c escrow.Contract, state escrow.State) escrow.Contract {
	w.TB.Helper()
	way := w.way(state)
	if c.State == escrow.Confirmed {
		way = way[1:]
	}
	for _, step := range way {
		if c.State == state {
			break
		}
		c = step(c)
	}
	if c.State != state {
		w.TB.Fatalf("the way to %s ends in %s", state, c.State)
	}
	return c
}

type step func(escrow.Contract) escrow.Contract

func (w *World) way(state escrow.State) []step {
	s := w.Service
	agree, pay := w.act(Amina, s.Agree), w.payFor
	deliver, accept := w.act(Otieno, s.ConfirmDelivery), w.act(Amina, s.AcceptGoods)
	switch state {
	case escrow.Cancelled:
		return []step{w.act(Amina, s.Decline)}
	case escrow.Accepted:
		return []step{agree, pay, accept}
	case escrow.Disputed:
		return []step{agree, pay, w.act(Amina, s.Dispute)}
	default:
		return []step{agree, pay, deliver, accept}
	}
}

func (w *World) act(who escrow.Phone, do func(context.Context, escrow.Command) (escrow.Result, error)) step {
	return func(c escrow.Contract) escrow.Contract {
		w.TB.Helper()
		cmd := w.Command(who, c.Ref)
		cmd.Code, cmd.Words = w.Codes.For(c), "rotten"
		result, err := do(w.TB.Context(), cmd)
		if err != nil {
			w.TB.Fatal(err)
		}
		w.Work()
		return result.Contract
	}
}

func (w *World) payFor(c escrow.Contract) escrow.Contract {
	w.TB.Helper()
	w.act(Amina, w.Service.Pay)(c)
	w.Pay(escrow.Collect, w.Receipt())
	view, err := w.Service.View(w.TB.Context(), Amina, c.Ref)
	if err != nil {
		w.TB.Fatal(err)
	}
	return view.Contract
}

// Receipt returns an M-Pesa receipt that was not used before.
func (w *World) Receipt() string {
	w.keys++
	return "TKN" + strconv.Itoa(1_000_000+w.keys)
}

// Postings returns what the ledger says of a contract, the oldest first.
func (w *World) Postings(c escrow.Contract) []escrow.Posting {
	w.TB.Helper()
	var postings []escrow.Posting
	err := w.Store.Snapshot(w.TB.Context(), func(ctx context.Context, snap *store.Snapshot) error {
		d, err := snap.Dossier(ctx, c.ID)
		postings = d.Postings
		return err
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	return postings
}

// Prove checks the invariants of the money on the world's store; see [Prove].
func (w *World) Prove() {
	w.TB.Helper()
	Prove(w.TB, w.Store)
}
