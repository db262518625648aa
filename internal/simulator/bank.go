package simulator

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Movement is one line of the bank's statement.
type Movement = bank.Movement

// Statement is the bank's own account of what happened.
type Statement = bank.Statement

// Statement reads balances and movements at one instant.
func (s *Sim) Statement() (Statement, error) {
	return s.statement(context.Background())
}

func (s *Sim) statement(ctx context.Context) (Statement, error) {
	var st Statement
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var err error
		st, err = bank.Read(ctx, tx)
		return err
	})
	if err != nil {
		return Statement{}, fmt.Errorf("simulator: statement: %w", err)
	}
	return st, nil
}

// getBank is GET /sim/bank: the whole bank, for auditors outside of this
// process. It is not answered when it does not add up.
func (s *Sim) getBank(c *fiber.Ctx) error {
	st, err := s.statement(c.UserContext())
	if err != nil {
		return s.failure(c, err)
	}
	if err := st.Check(); err != nil {
		return s.failure(c, fmt.Errorf("simulator: statement: %w", err))
	}
	return c.JSON(st)
}

// organisation is whose accounts a short code works with. The collecting and
// the paying code share them, as a "one account" short code does, unless the
// configuration keeps them apart.
func (s *Sim) organisation(shortCode string) string {
	if s.cfg.SeparateFloat && shortCode == s.cfg.B2CShortCode {
		return s.cfg.B2CShortCode
	}
	return s.cfg.BusinessShortCode
}

// FloatMove is what a treasurer does in the portal or at the bank.
type FloatMove struct {
	ShortCode string       `json:"shortCode"` // one of the configured; "" means the paying one
	From      FloatAccount `json:"from"`
	To        FloatAccount `json:"to"`
	Cents     int64        `json:"cents"`
}

// FloatAccount is where a float can be.
type FloatAccount string

// The places of a float.
const (
	InUtility FloatAccount = "utility"
	InWorking FloatAccount = "working"
	// InCash is outside of M-PESA: a deposit comes from there, a withdrawal goes
	// there.
	InCash FloatAccount = "cash"
)

// MoveFloat moves an organisation's own money. Revenue settlement empties the
// utility account this way, and a payout then fails for want of money.
func (s *Sim) MoveFloat(ctx context.Context, m FloatMove) error {
	if m.ShortCode == "" {
		m.ShortCode = s.cfg.B2CShortCode
	}
	from, fromOK := s.floatAccount(m.ShortCode, m.From)
	to, toOK := s.floatAccount(m.ShortCode, m.To)
	if !fromOK || !toOK || from == to || m.Cents <= 0 {
		return refuse(http.StatusBadRequest, "Move some cents between two of utility, working and cash.")
	}
	kind := bank.KindFloat
	if m.From == InCash || m.To == InCash {
		kind = bank.KindOpening
	}
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		funds, err := bank.Balance(ctx, tx, from)
		if err != nil {
			return err
		}
		if m.From != InCash && funds < m.Cents {
			return refuse(http.StatusConflict, "There is not so much in that account.")
		}
		_, err = s.bank.Move(ctx, tx, Movement{
			At: s.now(), Kind: kind, Debit: from, Credit: to, Cents: m.Cents, Reference: m.ShortCode,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("move float: %w", err)
	}
	s.changed()
	return nil
}

func (s *Sim) floatAccount(shortCode string, place FloatAccount) (string, bool) {
	code := s.organisation(shortCode)
	switch place {
	case InUtility:
		return bank.Utility(code), true
	case InWorking:
		return bank.Working(code), true
	case InCash:
		return bank.Agents, true
	default:
		return "", false
	}
}
