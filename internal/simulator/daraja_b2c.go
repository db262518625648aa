package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Limits of the texts in a payout (Daraja portal, B2C page).
const (
	minRemarks  = 2
	maxRemarks  = 100
	maxOccasion = 100
)

// b2cRequest is POST /mpesa/b2c/v3/paymentrequest. The double s of Occassion is
// the portal's.
type b2cRequest struct {
	OriginatorConversationID scalar `json:"OriginatorConversationID"`
	InitiatorName            scalar `json:"InitiatorName"`
	SecurityCredential       scalar `json:"SecurityCredential"`
	CommandID                scalar `json:"CommandID"`
	Amount                   scalar `json:"Amount"`
	PartyA                   scalar `json:"PartyA"`
	PartyB                   scalar `json:"PartyB"`
	Remarks                  scalar `json:"Remarks"`
	QueueTimeOutURL          scalar `json:"QueueTimeOutURL"`
	ResultURL                scalar `json:"ResultURL"`
	Occassion                scalar `json:"Occassion"`
}

// payout is a B2C payment and what became of it.
type payout struct {
	OriginatorID   string     `db:"originator_id"`
	ConversationID string     `db:"conversation_id"`
	Number         string     `db:"number"`
	Cents          int64      `db:"cents"`
	FeeCents       int64      `db:"fee_cents"`
	Code           resultCode `db:"code"`
	Description    string     `db:"description"`
	Receipt        string     `db:"receipt"` // "" unless paid
	Created        int64      `db:"created_at"`
}

const payoutColumns = `originator_id, conversation_id, number, cents, fee_cents, code, description, receipt, created_at`

// check returns the payee and the amount. The limits on amounts are not
// checked here: M-PESA, not its gateway, refuses those, by result code 2 or 3.
func (r b2cRequest) check() (string, int64, error) {
	cents, amountOK := shillings(string(r.Amount))
	number, payeeOK := msisdn(string(r.PartyB))
	commands := []scalar{"BusinessPayment", "SalaryPayment", "PromotionPayment"}
	if err := firstBroken(
		rule{r.OriginatorConversationID != "", "OriginatorConversationID"},
		rule{r.InitiatorName != "", "InitiatorName"},
		rule{r.SecurityCredential != "", "SecurityCredential"},
		rule{slices.Contains(commands, r.CommandID), "CommandID"},
		rule{amountOK, "Amount"},
		rule{shortCodePattern.MatchString(string(r.PartyA)), "PartyA"},
		rule{payeeOK, "PartyB"},
		rule{len(r.Remarks) >= minRemarks && len(r.Remarks) <= maxRemarks, "Remarks"},
		rule{callbackURL(r.QueueTimeOutURL), "QueueTimeOutURL"},
		rule{callbackURL(r.ResultURL), "ResultURL"},
		rule{len(r.Occassion) <= maxOccasion, "Occassion"},
	); err != nil {
		return "", 0, err
	}
	return number, cents, nil
}

// b2c executes a payout on acceptance and owes its result. An id seen before is
// refused whatever became of the first: a failure burns the id too.
func (s *Sim) b2c(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[b2cRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	number, cents, err := req.check()
	if err != nil {
		return acceptance{}, err
	}
	faults := s.CurrentFaults()
	c := conversation{
		kind: kindB2CResult, who: mask(number), originator: string(req.OriginatorConversationID),
		id: s.newConversationID(), resultURL: string(req.ResultURL), timeoutURL: string(req.QueueTimeOutURL), raw: body,
	}
	if a, refused := s.refusedAtOnce(c, faults.NoB2CRole); refused {
		return a, nil
	}
	p := payout{
		OriginatorID: c.originator, ConversationID: c.id, Number: number, Cents: cents, Created: micros(s.now()),
	}
	a := acceptance{who: c.who, summary: "Pay out " + kshWhole(cents), body: c.accepted(), drop: faults.DropB2CResponse}
	seen := false
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var err error
		if seen, err = s.claim(ctx, tx, &p); err != nil || seen {
			return err
		}
		return s.execute(ctx, tx, &p, req, c)
	})
	switch {
	case err != nil:
		return a, fmt.Errorf("b2c: %w", err)
	case seen:
		return s.payoutSeen(ctx, a, c)
	case faults.CallbackBeforeResponse:
		a.after = p.OriginatorID
	}
	return a, nil
}

// claim takes the id of p and reports whether it was taken before.
func (s *Sim) claim(ctx context.Context, tx *sqlx.Tx, p *payout) (bool, error) {
	res, err := tx.NamedExecContext(ctx,
		`INSERT INTO payouts (originator_id, conversation_id, number, cents, created_at)
		 VALUES (:originator_id, :conversation_id, :number, :cents, :created_at)
		 ON CONFLICT (originator_id) DO NOTHING`, p)
	if err != nil {
		return false, fmt.Errorf("claim originator id: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 0, err
}

// payoutSeen refuses an id that was used, in one of the three ways reported. None
// of them says what became of the first.
func (s *Sim) payoutSeen(ctx context.Context, a acceptance, c conversation) (acceptance, error) {
	const words = "Duplicate OriginatorConversationID."
	switch s.CurrentFaults().DuplicateID {
	case "200":
		a.summary, a.body = "Refused: "+words, struct {
			ResponseCode        string `json:"ResponseCode"`
			ResponseDescription string `json:"ResponseDescription"`
		}{"1", words}
		return a, nil
	case "result":
		c.words = payoutWords(resultSeen)
		err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
			r := s.newResult(outcome{resultSeen, words}, c, queueReference(c.kind))
			return s.oweResult(ctx, tx, c, r, fate{})
		})
		if err != nil {
			return a, fmt.Errorf("b2c: %w", err)
		}
		return a, nil
	default:
		return a, &refusal{http.StatusInternalServerError, errB2C, words}
	}
}

// execute pays and owes the callback, all or nothing.
func (s *Sim) execute(ctx context.Context, tx *sqlx.Tx, p *payout, req b2cRequest, c conversation) error {
	o, err := s.judge(ctx, tx, p, req)
	if err != nil {
		return err
	}
	p.Code, p.Description = o.code, o.description
	if o == done() {
		if err := s.pay(ctx, tx, p); err != nil {
			return err
		}
	}
	if _, err := tx.NamedExecContext(ctx,
		`UPDATE payouts SET code = :code, description = :description, receipt = :receipt, fee_cents = :fee_cents
		 WHERE originator_id = :originator_id`, p); err != nil {
		return fmt.Errorf("record payout: %w", err)
	}
	c.words = payoutWords(p.Code)
	r, err := s.payoutResult(ctx, tx, *p, c)
	if err != nil {
		return err
	}
	faults := s.CurrentFaults()
	return s.oweResult(ctx, tx, c, r, fate{
		drop: faults.DropB2CResult, copies: faults.DuplicateB2CResult,
		timeout: faults.B2CTimeoutInstead || faults.B2CTimeoutFails, andResult: faults.B2CResultAfterTimeout,
	})
}

// judge is M-PESA's decision, in the codes of the B2C page.
func (s *Sim) judge(ctx context.Context, tx *sqlx.Tx, p *payout, req b2cRequest) (outcome, error) {
	faults := s.CurrentFaults()
	if o, err := s.operator(ctx, tx, req.InitiatorName, req.SecurityCredential, faults.NoB2CRole); err != nil || o != done() {
		return o, err
	}
	switch {
	case faults.B2CTimeoutFails:
		return outcome{resultBusy, "System busy."}, nil
	case string(req.PartyA) != s.cfg.B2CShortCode:
		return outcome{resultProduct, notPermitted}, nil
	case p.Cents < bank.MinPayout:
		return outcome{resultTooLittle, "The amount is less than the minimum allowed."}, nil
	case p.Cents > bank.MaxAmount:
		return outcome{resultTooMuch, "The amount is more than the maximum allowed."}, nil
	}
	return s.judgePayee(ctx, tx, p)
}

// judgePayee looks into the accounts on both sides.
func (s *Sim) judgePayee(ctx context.Context, tx *sqlx.Tx, p *payout) (outcome, error) {
	_, known, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return outcome{}, err
	}
	utility, err := bank.Balance(ctx, tx, bank.Utility(s.organisation(s.cfg.B2CShortCode)))
	if err != nil {
		return outcome{}, err
	}
	wallet, err := bank.Balance(ctx, tx, bank.Wallet(p.Number))
	if err != nil {
		return outcome{}, err
	}
	received, err := bank.Received(ctx, tx, p.Number, s.now())
	if err != nil {
		return outcome{}, err
	}
	switch {
	case !known:
		return outcome{
			resultNoCustomer,
			"Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service.",
		}, nil
	case received+p.Cents > bank.MaxDay:
		return outcome{resultDayFull, "The transaction would exceed the daily transfer limit of the receiver."}, nil
	case wallet+p.Cents > bank.MaxWallet:
		return outcome{resultWalletFull, "The transaction would exceed the maximum balance of the receiver."}, nil
	case utility < p.Cents:
		return outcome{resultFunds, "The balance is insufficient for the transaction."}, nil
	}
	return done(), nil
}

// pay moves the money and the fee. The fee comes from the charges paid account,
// so the utility account falls by the amount alone.
func (s *Sim) pay(ctx context.Context, tx *sqlx.Tx, p *payout) error {
	organisation, wallet := s.organisation(s.cfg.B2CShortCode), bank.Wallet(p.Number)
	var err error
	p.Receipt, err = s.bank.Move(ctx, tx, Movement{
		At: s.now(), Kind: bank.KindB2C, Debit: bank.Utility(organisation), Credit: wallet,
		Cents: p.Cents, Reference: p.OriginatorID,
	})
	if err != nil {
		return err
	}
	if p.FeeCents = bank.PayoutFee(p.Cents); p.FeeCents > 0 {
		if _, err := s.bank.Move(ctx, tx, Movement{
			At: s.now(), Kind: bank.KindB2CFee, Debit: bank.Charges(organisation), Credit: bank.Tariff,
			Cents: p.FeeCents, Reference: p.Receipt,
		}); err != nil {
			return err
		}
	}
	now, err := bank.Balance(ctx, tx, wallet)
	if err != nil {
		return err
	}
	return s.notifyReceived(ctx, tx, *p, now)
}

// payoutResult has the parameters of the B2C page's sample on success, and none
// on failure. Its date is written as nowhere else.
func (s *Sim) payoutResult(ctx context.Context, tx *sqlx.Tx, p payout, c conversation) (result, error) {
	r := s.newResult(outcome{p.Code, p.Description}, c, queueReference(c.kind))
	if p.Code != resultDone {
		return r, nil
	}
	var funds [3]int64
	organisation := s.organisation(s.cfg.B2CShortCode)
	for i, account := range []string{bank.Utility(organisation), bank.Working(organisation), bank.Charges(organisation)} {
		var err error
		if funds[i], err = bank.Balance(ctx, tx, account); err != nil {
			return r, err
		}
	}
	payee, _, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return r, err
	}
	r.TransactionID = p.Receipt
	r.ResultParameters = &resultParameters{[]keyValue{
		{"TransactionAmount", json.Number(whole(p.Cents))},
		{"TransactionReceipt", p.Receipt},
		{"ReceiverPartyPublicName", publicName(payee)},
		{"TransactionCompletedDateTime", fromMicros(p.Created).In(bank.EastAfrica()).Format("02.01.2006 15:04:05")},
		{"B2CUtilityAccountAvailableFunds", decimal(funds[0])},
		{"B2CWorkingAccountAvailableFunds", decimal(funds[1])},
		{"B2CRecipientIsRegisteredCustomer", "Y"},
		{"B2CChargesPaidAccountAvailableFunds", decimal(funds[2])},
	}}
	return r, nil
}
