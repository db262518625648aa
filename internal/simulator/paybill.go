package simulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// maxBillReference is the longest account number that M-PESA lets a customer
// type (Daraja portal, C2B page).
const maxBillReference = 20

// payBill is Lipa na M-PESA, Pay Bill, in the phone's own menu: business number,
// account, amount, PIN. What M-PESA makes of it comes as a text, as it does to a
// real phone; only what the menu itself does not take is an error.
func (s *Sim) payBill(ctx context.Context, number string, b phoneBody) error {
	account := strings.TrimSpace(b.Account)
	cents, ok := shillings(strings.TrimSpace(b.Amount))
	business := strings.TrimSpace(b.Business)
	switch {
	case !shortCodePattern.MatchString(business):
		return refuse(http.StatusBadRequest, "A business number has 5 to 7 digits.")
	case account == "" || len(account) > maxBillReference:
		return refuse(http.StatusBadRequest, "Type an account number of up to 20 characters.")
	case !ok:
		return refuse(http.StatusBadRequest, "Type the amount in whole shillings.")
	}
	owner, _, err := readPhone(ctx, s.db, number)
	if err != nil {
		return err
	}
	if !same(b.PIN, owner.PIN) {
		return s.declineText(ctx, number, "You entered the wrong M-PESA PIN.")
	}
	if business != s.cfg.BusinessShortCode {
		return s.declineText(ctx, number, "There is no business "+business+".")
	}
	return s.payByC2B(ctx, payment{
		OriginatorID: s.dice.requestID(), ShortCode: business, Number: number, Cents: cents,
		Account: account, Reason: "Pay Bill", Started: micros(s.now()),
	})
}

// payByC2B judges, asks the gateway, and judges again when it takes the money:
// the answer may have taken seconds.
func (s *Sim) payByC2B(ctx context.Context, p payment) error {
	var urls C2BURLs
	o := done()
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var err error
		if urls, _, err = readURLs(ctx, tx, p.ShortCode); err != nil {
			return err
		}
		// The receipt is on the validation already.
		if p.Receipt, err = s.bank.NewReceipt(ctx, tx, s.now()); err != nil {
			return err
		}
		o, err = s.judgePayment(ctx, tx, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("pay bill: %w", err)
	}
	if o != done() {
		return s.declineText(ctx, p.Number, limitWords(p, o))
	}
	verdict, err := s.validate(ctx, urls, p)
	if err != nil {
		return err
	}
	if verdict.ResultCode != c2bAccepted {
		return s.declineText(ctx, p.Number, refusalWords(p, string(verdict.ResultCode)))
	}
	p.ThirdParty = string(verdict.ThirdPartyTransID)
	return s.settlePayBill(ctx, p)
}

func (s *Sim) settlePayBill(ctx context.Context, p payment) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		o, err := s.takePayment(ctx, tx, &p, bank.KindPayBill, p.Account)
		switch {
		case err != nil:
			return err
		case o != done():
			return s.notifyRefused(ctx, tx, p.Number, limitWords(p, o))
		}
		return s.oweConfirmation(ctx, tx, p)
	})
	if err != nil {
		return fmt.Errorf("pay bill: %w", err)
	}
	s.changed()
	return nil
}

// declineText tells a payer why not.
func (s *Sim) declineText(ctx context.Context, number, why string) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error { return s.notifyRefused(ctx, tx, number, why) })
	if err != nil {
		return fmt.Errorf("decline: %w", err)
	}
	s.changed()
	return nil
}

// limitWords is the text for M-PESA's own refusal.
func limitWords(p payment, o outcome) string {
	if o.code == resultFunds {
		return "You do not have enough money in M-PESA to pay " + ksh(p.Cents) + "."
	}
	return ksh(p.Cents) + " is above your M-PESA limit."
}

// refusalWords is the text for the code with which the business refused (Daraja
// portal, C2B page). Real texts leave the code out.
func refusalWords(p payment, code string) string {
	switch code {
	case "C2B00011":
		return businessName + " does not take payments from your number (" + code + ")."
	case "C2B00012":
		return businessName + " knows no account " + p.Account + " (" + code + ")."
	case "C2B00013":
		return businessName + " does not take " + ksh(p.Cents) + " for account " + p.Account + " (" + code + ")."
	case "C2B00014":
		return businessName + " wants to know more about you first (" + code + ")."
	case "C2B00015":
		return businessName + " does not take payments at " + p.ShortCode + " (" + code + ")."
	case "":
		return businessName + " does not answer. Try again later."
	default:
		return businessName + " does not take this payment for account " + p.Account + " (" + code + ")."
	}
}
