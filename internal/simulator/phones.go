package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// maxName is how much of a name fits on a phone.
const maxName = 40

var pinPattern = regexp.MustCompile(`^\d{4}$`)

// phone is a subscriber with a handset and a wallet.
type phone struct {
	Number   string `db:"number"`
	Name     string `db:"name"`
	Role     string `db:"role"`
	Language string `db:"language"`
	PIN      string `db:"pin"`
	Created  int64  `db:"created_at"`
}

const phoneColumns = `number, name, role, language, pin, created_at`

// readPhone takes a database too, for reading outside of a transaction.
func readPhone(ctx context.Context, q sqlx.QueryerContext, number string) (phone, bool, error) {
	var p phone
	err := sqlx.GetContext(ctx, q, &p, `SELECT `+phoneColumns+` FROM phones WHERE number = $1`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return phone{}, false, nil
	}
	if err != nil {
		return phone{}, false, fmt.Errorf("read phone: %w", err)
	}
	return p, true, nil
}

// Seed gives each person a phone and a wallet. A person who is there already
// keeps wallet, PIN and name, so that seeding at every start is safe.
func (s *Sim) Seed(people ...Person) error {
	ctx := context.Background()
	for _, person := range people {
		if _, err := s.addPhone(ctx, person); err != nil {
			return fmt.Errorf("simulator: seed %s: %w", mask(person.Number), err)
		}
	}
	s.changed()
	return nil
}

// addPhone reports whether the phone is new.
func (s *Sim) addPhone(ctx context.Context, person Person) (bool, error) {
	p, err := s.newPhone(person)
	if err != nil {
		return false, err
	}
	added := false
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		res, err := tx.NamedExecContext(ctx,
			`INSERT INTO phones (number, name, role, language, pin, created_at)
			 VALUES (:number, :name, :role, :language, :pin, :created_at) ON CONFLICT (number) DO NOTHING`, p)
		if err != nil {
			return fmt.Errorf("store phone: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		added = true
		if err := s.openWallet(ctx, tx, p.Number, person.WalletCents); err != nil {
			return err
		}
		return s.deliverBuffered(ctx, tx, p.Number)
	})
	return added, err
}

// newPhone checks what a person gave.
func (s *Sim) newPhone(person Person) (phone, error) {
	number, ok := kenyan(person.Number)
	if !ok {
		return phone{}, refuse(http.StatusBadRequest, "That is not a Kenyan mobile number.")
	}
	name := strings.TrimSpace(person.Name)
	if name == "" || utf8.RuneCountInString(name) > maxName {
		return phone{}, refuse(http.StatusBadRequest, "Give a name of 1 to 40 characters.")
	}
	if !pinPattern.MatchString(person.PIN) {
		return phone{}, refuse(http.StatusBadRequest, "The M-PESA PIN has 4 digits.")
	}
	if person.WalletCents < 0 || person.WalletCents > bank.MaxWallet {
		return phone{}, refuse(http.StatusBadRequest, "A wallet holds 0 to 500,000 shillings.")
	}
	if _, known := languageWords()[person.Language]; person.Language != "" && !known {
		return phone{}, refuse(http.StatusBadRequest, "The languages here are en and sw.")
	}
	return phone{
		Number: number, Name: name, Role: person.Role, Language: person.Language,
		PIN: person.PIN, Created: micros(s.now()),
	}, nil
}

// openWallet books the opening balance against the agents' cash, so that the
// whole bank still sums to zero.
func (s *Sim) openWallet(ctx context.Context, tx *sqlx.Tx, number string, cents int64) error {
	if cents == 0 {
		return bank.Open(ctx, tx, bank.Wallet(number))
	}
	_, err := s.bank.Move(ctx, tx, Movement{
		At: s.now(), Kind: bank.KindOpening, Debit: bank.Agents, Credit: bank.Wallet(number),
		Cents: cents, Reference: number,
	})
	return err
}
