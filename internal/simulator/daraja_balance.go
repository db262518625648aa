package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// balanceRequest is POST /mpesa/accountbalance/v1/query.
type balanceRequest struct {
	asyncFields
	PartyA         scalar `json:"PartyA"`
	IdentifierType scalar `json:"IdentifierType"`
}

func (r balanceRequest) check() error {
	return firstBroken(append(r.rules("AccountBalance"),
		rule{shortCodePattern.MatchString(string(r.PartyA)), "PartyA"},
		rule{slices.Contains([]scalar{"2", "4"}, r.IdentifierType), "IdentifierType"},
	)...)
}

// accountBalance answers by callback, with the balances of the moment of asking.
func (s *Sim) accountBalance(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[balanceRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	if err := req.check(); err != nil {
		return acceptance{}, err
	}
	faults := s.CurrentFaults()
	c := s.converse(kindBalanceResult, req.asyncFields, body)
	if a, refused := s.refusedAtOnce(c, faults.NoBalanceRole); refused {
		return a, nil
	}
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		o, err := s.operator(ctx, tx, req.Initiator, req.SecurityCredential, faults.NoBalanceRole)
		if err != nil {
			return err
		}
		ours := []string{s.cfg.BusinessShortCode, s.cfg.B2CShortCode}
		if o == done() && !slices.Contains(ours, string(req.PartyA)) {
			o = outcome{resultProduct, notPermitted}
		}
		r := s.newResult(o, c, queueReference(c.kind))
		c.words = "balances"
		if o != done() {
			c.words = resultWords(o.code)
		} else if r.ResultParameters, err = s.balances(ctx, tx, string(req.PartyA)); err != nil {
			return err
		}
		return s.oweResult(ctx, tx, c, r, fate{drop: faults.DropAnswerResult})
	})
	if err != nil {
		return acceptance{}, fmt.Errorf("account balance: %w", err)
	}
	return acceptance{summary: "Ask for the balances", body: c.accepted()}, nil
}

// balances lists the accounts in the order and with the names of the portal's
// sample. Two of them are there for the look of it.
func (s *Sim) balances(ctx context.Context, tx *sqlx.Tx, shortCode string) (*resultParameters, error) {
	organisation := s.organisation(shortCode)
	var all []string
	for _, a := range []struct{ title, account string }{
		{"Working Account", bank.Working(organisation)},
		{"Float Account", ""},
		{"Utility Account", bank.Utility(organisation)},
		{"Charges Paid Account", bank.Charges(organisation)},
		{"Organization Settlement Account", ""},
	} {
		cents, err := bank.Balance(ctx, tx, a.account)
		if err != nil {
			return nil, err
		}
		all = append(all, a.title+"|KES|"+fourFields(cents))
	}
	return &resultParameters{[]keyValue{
		{"AccountBalance", strings.Join(all, "&")},
		{"BOCompletedTime", json.Number(mpesaTime(s.now()))},
	}}, nil
}

// fourFields is current, available, reserved and uncleared; nothing is ever
// reserved or uncleared here.
func fourFields(cents int64) string {
	amount := decimal(cents).String()
	return amount + "|" + amount + "|0.00|0.00"
}
