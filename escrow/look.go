package escrow

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/google/uuid"
)

// Home is what the first screen is made of.
type Home struct {
	Party Party
	Open  []Contract // newest change first
}

// Waiting is one open contract and the act that it waits for from the caller.
type Waiting struct {
	Contract Contract
	Role     Role
	Act      Act
}

// Waiting lists what waits for the caller, the most urgent first.
func (h Home) Waiting() []Waiting {
	var list []Waiting
	for _, c := range h.Open {
		role, _ := c.RoleOf(h.Party.Phone)
		if act, ok := c.WaitsFor(role); ok {
			list = append(list, Waiting{Contract: c, Role: role, Act: act})
		}
	}
	slices.SortStableFunc(list, func(a, b Waiting) int { return a.urgency() - b.urgency() })
	return list
}

// urgency orders what waits: first what moves money or lets somebody run out of
// time, last what nobody has agreed to yet.
func (w Waiting) urgency() int {
	return slices.Index([]Act{ActAccept, ActDeliver, ActAgreeCancel, ActPay, ActAgree}, w.Act)
}

// homeLimit is how many open contracts the first screen looks at.
const homeLimit = 30

// Home returns the caller and the contracts that are open for them. A number
// that never came by is a party without id, name and language.
func (s *Service) Home(ctx context.Context, phone Phone) (Home, error) {
	party, open, err := s.store.FindParty(ctx, phone, homeLimit)
	if err != nil {
		return Home{}, err
	}
	party.Phone = phone
	return Home{Party: party, Open: open}, nil
}

// View is a contract as one of its parties may see it.
type View struct {
	Contract Contract
	Role     Role
	Payment  PaymentStatus // of the payment that counts; empty where none was tried
}

// View returns a contract that the caller is a party of. Any other reference is
// refused with [UnknownContract], whether or not it exists.
func (s *Service) View(ctx context.Context, phone Phone, ref Ref) (View, error) {
	contract, payment, err := s.store.FindContract(ctx, ref)
	if IsNotFound(err) {
		return View{}, Refuse(UnknownContract)
	} else if err != nil {
		return View{}, err
	}
	role, ok := contract.RoleOf(phone)
	if !ok {
		return View{}, Refuse(UnknownContract)
	}
	return View{Contract: contract, Role: role, Payment: payment}, nil
}

// Contracts returns a page of the caller's contracts, newest first.
func (s *Service) Contracts(ctx context.Context, phone Phone, offset, limit int) ([]View, error) {
	return s.store.FindContracts(ctx, phone, offset, limit)
}

// SetLanguage keeps the language that a person chose, who may be a stranger yet.
func (s *Service) SetLanguage(ctx context.Context, from Phone, language Language) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		party, err := tx.EnsureParty(ctx, from)
		if err != nil || party.Language == language {
			return err
		}
		party.Language = language
		return tx.SaveParty(ctx, party)
	})
}

// idFromKey derives an id from an idempotency key: the same key, the same id.
func idFromKey(key string) uuid.UUID {
	const custom = 8 // the UUID version for hashes of one's own choice, RFC 9562
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("voicepact:"+key), custom)
}
