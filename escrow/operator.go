package escrow

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Mediator is the role of operators who decide disputes: the only one so far.
const Mediator = "mediator"

// Operator is a person who decides where rules cannot. They act by a key of their
// own, never by a phone number.
type Operator struct {
	ID         uuid.UUID
	Name       string
	Role       string // [Mediator]
	CreatedAt  time.Time
	DisabledAt time.Time // zero while they may act
}

// operatorKeyBytes is 128 bits of chance, which nobody guesses.
const operatorKeyBytes = 16

// NewOperatorKey mints the key of an operator and the hash that is kept of it. The
// key itself is shown once and stored nowhere.
func NewOperatorKey() (key string, hash []byte) {
	random := make([]byte, operatorKeyBytes)
	_, _ = rand.Read(random) // never fails: see its documentation
	key = hex.EncodeToString(random)
	return key, operatorHash(key)
}

func operatorHash(key string) []byte {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(key))))
	return sum[:]
}

// Mediation is what an operator does about a contract or an item.
type Mediation struct {
	Key      string // idempotency key
	Operator string // the operator's own key, which is a secret
	Ref      Ref
	ToSeller Cents  // of the held money, with Resolve
	Reason   string // in the operator's words; Approve needs none
}

// mediate opens the work of an operator on a contract, as [Service.party] does for
// a party. The secret does not go into the input that is kept.
func (s *Service) mediate(
	ctx context.Context, what string, m Mediation, fn func(context.Context, *work, Operator) error,
) (Result, error) {
	var operator Operator
	m.Reason = printable(m.Reason)
	secret := m.Operator
	m.Operator = ""
	return s.onContract(ctx, instruction{
		what: what, key: m.Key, channel: ChannelOperator, ref: m.Ref, input: m,
		who: func(ctx context.Context, tx Tx, _ Contract) (actor, error) {
			var err error
			operator, err = operatorOf(ctx, tx, secret)
			return actor{id: operator.ID}, err
		},
	}, func(ctx context.Context, w *work) error {
		w.operator = operator.Name
		return fn(ctx, w, operator)
	})
}

// operatorOf finds who holds the key. A wrong one and one that was disabled are
// refused alike.
func operatorOf(ctx context.Context, tx Tx, key string) (Operator, error) {
	operator, err := tx.OperatorByKey(ctx, operatorHash(key))
	if IsNotFound(err) || err == nil && !operator.DisabledAt.IsZero() {
		return Operator{}, Refuse(UnknownOperator)
	}
	return operator, err
}
