package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
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

// conversationAnswer accepts an asynchronous request.
type conversationAnswer struct {
	ConversationID           string `json:"ConversationID"`
	OriginatorConversationID string `json:"OriginatorConversationID"`
	ResponseCode             string `json:"ResponseCode"`
	ResponseDescription      string `json:"ResponseDescription"`
}

// payout is a B2C payment and what became of it.
type payout struct {
	OriginatorID   string `db:"originator_id"`
	ConversationID string `db:"conversation_id"`
	Number         string `db:"number"`
	Cents          int64  `db:"cents"`
	FeeCents       int64  `db:"fee_cents"`
	Code           int    `db:"code"`
	Description    string `db:"description"`
	Receipt        string `db:"receipt"` // "" unless paid
	Created        int64  `db:"created_at"`
}

const payoutColumns = `originator_id, conversation_id, number, cents, fee_cents, code, description, receipt, created_at`

// check returns the payee and the amount. The limits on amounts are not
// checked here: M-PESA, not its gateway, refuses those, by result code 2 or 3.
func (r b2cRequest) check() (string, int64, error) {
	cents, amountOK := shillings(string(r.Amount))
	number, payeeOK := msisdn(string(r.PartyB))
	commands := []scalar{"BusinessPayment", "SalaryPayment", "PromotionPayment"}
	for _, rule := range []struct {
		ok    bool
		field string
	}{
		{r.OriginatorConversationID != "", "OriginatorConversationID"},
		{r.InitiatorName != "", "InitiatorName"},
		{r.SecurityCredential != "", "SecurityCredential"},
		{slices.Contains(commands, r.CommandID), "CommandID"},
		{amountOK, "Amount"},
		{shortCodePattern.MatchString(string(r.PartyA)), "PartyA"},
		{payeeOK, "PartyB"},
		{len(r.Remarks) >= minRemarks && len(r.Remarks) <= maxRemarks, "Remarks"},
		{callbackURL(r.QueueTimeOutURL), "QueueTimeOutURL"},
		{callbackURL(r.ResultURL), "ResultURL"},
		{len(r.Occassion) <= maxOccasion, "Occassion"},
	} {
		if !rule.ok {
			return "", 0, invalid(rule.field)
		}
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
	p := payout{
		OriginatorID: string(req.OriginatorConversationID), ConversationID: s.newConversationID(),
		Number: number, Cents: cents, Created: micros(s.now()),
	}
	a := acceptance{who: mask(number)}
	if err := s.db.tx(ctx, func(tx *sqlx.Tx) error { return s.execute(ctx, tx, &p, req, body) }); err != nil {
		return a, fmt.Errorf("b2c: %w", err)
	}
	a.summary = "Pay out " + kshWhole(cents)
	a.body = conversationAnswer{p.ConversationID, p.OriginatorID, "0", acceptedB2C}
	if s.CurrentFaults().CallbackBeforeResponse {
		a.after = p.OriginatorID
	}
	return a, nil
}

func (s *Sim) newConversationID() string {
	return "AG_" + s.now().In(eastAfrica()).Format("20060102") + "_" + hex32()[:20]
}

// execute claims the id, pays, and owes the callback, all or nothing.
func (s *Sim) execute(ctx context.Context, tx *sqlx.Tx, p *payout, req b2cRequest, raw []byte) error {
	res, err := tx.NamedExecContext(ctx,
		`INSERT INTO payouts (originator_id, conversation_id, number, cents, created_at)
		 VALUES (:originator_id, :conversation_id, :number, :cents, :created_at)
		 ON CONFLICT (originator_id) DO NOTHING`, p)
	if err != nil {
		return fmt.Errorf("claim originator id: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return &refusal{http.StatusInternalServerError, errB2C, "Duplicate OriginatorConversationID."}
	}
	o, err := s.judge(ctx, tx, p, req)
	if err != nil {
		return err
	}
	p.Code, p.Description = o.code, o.description
	if o.code == 0 {
		if err := s.pay(ctx, tx, p); err != nil {
			return err
		}
	}
	if _, err := tx.NamedExecContext(ctx,
		`UPDATE payouts SET code = :code, description = :description, receipt = :receipt, fee_cents = :fee_cents
		 WHERE originator_id = :originator_id`, p); err != nil {
		return fmt.Errorf("record payout: %w", err)
	}
	return s.oweB2C(ctx, tx, *p, req, raw)
}

// judge is M-PESA's decision, in the codes of the B2C page.
func (s *Sim) judge(ctx context.Context, tx *sqlx.Tx, p *payout, req b2cRequest) (outcome, error) {
	_, known, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return outcome{}, err
	}
	utility, err := balance(ctx, tx, accountUtility)
	if err != nil {
		return outcome{}, err
	}
	wallet, err := balance(ctx, tx, walletPrefix+p.Number)
	if err != nil {
		return outcome{}, err
	}
	switch {
	case !s.initiator(req.InitiatorName, req.SecurityCredential):
		return outcome{resultInitiator, initiatorWrong}, nil
	case string(req.PartyA) != s.cfg.B2CShortCode:
		return outcome{resultProduct, notPermitted}, nil
	case p.Cents < minB2CCents:
		return outcome{resultTooLittle, "The amount is less than the minimum allowed."}, nil
	case p.Cents > maxAmountCents:
		return outcome{resultTooMuch, "The amount is more than the maximum allowed."}, nil
	case !known:
		return outcome{
			resultNoCustomer,
			"Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service.",
		}, nil
	case wallet+p.Cents > maxWalletCents:
		return outcome{resultWalletFull, "The transaction would exceed the maximum balance of the receiver."}, nil
	case utility < p.Cents:
		return outcome{resultFunds, "The balance is insufficient for the transaction."}, nil
	}
	return outcome{resultDone, processed}, nil
}

// pay moves the money and the fee. The fee comes from the charges paid account,
// so the utility account falls by the amount alone.
func (s *Sim) pay(ctx context.Context, tx *sqlx.Tx, p *payout) error {
	var err error
	p.Receipt, err = move(ctx, tx, Movement{
		At: s.now(), Kind: movementB2C, Debit: accountUtility, Credit: walletPrefix + p.Number,
		Cents: p.Cents, Reference: p.OriginatorID,
	})
	if err != nil {
		return err
	}
	if p.FeeCents = b2cFee(p.Cents); p.FeeCents > 0 {
		if _, err := move(ctx, tx, Movement{
			At: s.now(), Kind: movementB2CFee, Debit: accountCharges, Credit: accountTariff,
			Cents: p.FeeCents, Reference: p.Receipt,
		}); err != nil {
			return err
		}
	}
	now, err := balance(ctx, tx, walletPrefix+p.Number)
	if err != nil {
		return err
	}
	return s.notifyReceived(ctx, tx, *p, now)
}

// oweB2C stores the callback that the payout ends in, subject to faults.
func (s *Sim) oweB2C(ctx context.Context, tx *sqlx.Tx, p payout, req b2cRequest, raw []byte) error {
	cb := callback{
		Kind: kindB2CResult, Who: mask(p.Number), URL: string(req.ResultURL), Ref: p.OriginatorID,
		Summary: "Result: " + payoutWords(p.Code),
	}
	faults := s.CurrentFaults()
	switch {
	case faults.B2CTimeoutInstead:
		// The queue time-out echoes the request, SecurityCredential and all,
		// according to Safaricom's staff; its shape is not documented.
		cb.URL, cb.Body, cb.Summary = string(req.QueueTimeOutURL), raw, "Timed out in the queue"
		return s.enqueue(ctx, tx, cb, s.cfg.CallbackDelay)
	case faults.DropB2CResult:
		return nil
	}
	result, err := s.b2cResult(ctx, tx, p)
	if err != nil {
		return err
	}
	if cb.Body, err = json.Marshal(result); err != nil {
		return fmt.Errorf("encode b2c result: %w", err)
	}
	return s.enqueueCopies(ctx, tx, cb, faults.DuplicateB2CResult)
}

// b2cResult has no parameters unless the payout was made.
func (s *Sim) b2cResult(ctx context.Context, tx *sqlx.Tx, p payout) (resultCallback, error) {
	r := s.newResult(outcome{p.Code, p.Description}, p.OriginatorID, p.ConversationID)
	r.Result.ReferenceData = reference("QueueTimeoutURL", "https://internalapi.safaricom.co.ke/mpesa/b2cresults/v1/submit")
	if p.Code != 0 {
		return r, nil
	}
	utility, err := balance(ctx, tx, accountUtility)
	if err != nil {
		return r, err
	}
	charges, err := balance(ctx, tx, accountCharges)
	if err != nil {
		return r, err
	}
	payee, _, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return r, err
	}
	r.Result.TransactionID = p.Receipt
	r.Result.ResultParameters = &resultParameters{[]keyValue{
		{"TransactionAmount", json.Number(strings.TrimSuffix(decimal(p.Cents).String(), ".00"))},
		{"TransactionReceipt", p.Receipt},
		{"ReceiverPartyPublicName", publicName(payee)},
		{"TransactionCompletedDateTime", fromMicros(p.Created).In(eastAfrica()).Format("02.01.2006 15:04:05")},
		{"B2CUtilityAccountAvailableFunds", decimal(utility)},
		{"B2CWorkingAccountAvailableFunds", decimal(0)},
		{"B2CRecipientIsRegisteredCustomer", "Y"},
		{"B2CChargesPaidAccountAvailableFunds", decimal(charges)},
	}}
	return r, nil
}
