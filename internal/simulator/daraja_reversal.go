package simulator

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// reversalRequest is POST /mpesa/reversal/v1/request. RecieverIdentifierType is
// the portal's spelling, and the only one that is read.
type reversalRequest struct {
	asyncFields
	TransactionID          scalar `json:"TransactionID"`
	Amount                 scalar `json:"Amount"`
	ReceiverParty          scalar `json:"ReceiverParty"`
	RecieverIdentifierType scalar `json:"RecieverIdentifierType"`
	Occasion               scalar `json:"Occasion"`
}

// reversal is a payment given back, or not.
type reversal struct {
	OriginatorID   string     `db:"originator_id"`
	ConversationID string     `db:"conversation_id"`
	Original       string     `db:"original"` // receipt of the payment
	ShortCode      string     `db:"short_code"`
	Number         string     `db:"number"` // the payer; "" when there is no such payment
	Cents          int64      `db:"cents"`
	Code           resultCode `db:"code"`
	Description    string     `db:"description"`
	Receipt        string     `db:"receipt"` // "" unless given back
	Created        int64      `db:"created_at"`
}

const reversalColumns = `originator_id, conversation_id, original, short_code, number, cents, code, description,
	receipt, created_at`

func (r reversalRequest) check() (int64, error) {
	// What stands for a receipt in the sandbox's samples has ten characters too.
	const receiptLength = 10
	cents, ok := shillings(string(r.Amount))
	return cents, firstBroken(append(r.rules("TransactionReversal"),
		rule{len(r.TransactionID) == receiptLength, "TransactionID"},
		rule{ok, "Amount"},
		rule{shortCodePattern.MatchString(string(r.ReceiverParty)), "ReceiverParty"},
		rule{r.RecieverIdentifierType == "11", "RecieverIdentifierType"},
		rule{len(r.Occasion) <= maxOccasion, "Occasion"},
	)...)
}

// reverse gives a payment back on acceptance and owes the result. It has no key
// of the caller's: that a payment is given back only once is M-PESA's doing.
func (s *Sim) reverse(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[reversalRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	cents, err := req.check()
	if err != nil {
		return acceptance{}, err
	}
	faults := s.CurrentFaults()
	c := s.converse(kindReversalResult, req.asyncFields, body)
	if a, refused := s.refusedAtOnce(c, faults.NoReversalRole); refused {
		return a, nil
	}
	v := reversal{
		OriginatorID: c.originator, ConversationID: c.id, Original: string(req.TransactionID),
		ShortCode: string(req.ReceiverParty), Cents: cents, Created: micros(s.now()),
	}
	if err := s.db.tx(ctx, func(tx *sqlx.Tx) error { return s.giveBack(ctx, tx, &v, req, &c) }); err != nil {
		return acceptance{}, fmt.Errorf("reversal: %w", err)
	}
	a := acceptance{
		who: c.who, summary: "Give back " + kshWhole(cents), body: c.accepted(), drop: faults.DropReversalResponse,
	}
	if faults.CallbackBeforeResponse {
		a.after = c.originator
	}
	return a, nil
}

// giveBack decides, moves the money, and owes the callback, all or nothing.
func (s *Sim) giveBack(ctx context.Context, tx *sqlx.Tx, v *reversal, req reversalRequest, c *conversation) error {
	faults := s.CurrentFaults()
	o, err := s.operator(ctx, tx, req.Initiator, req.SecurityCredential, faults.NoReversalRole)
	if err != nil {
		return err
	}
	if o == done() {
		if o, err = s.judgeReversal(ctx, tx, v); err != nil {
			return err
		}
	}
	if v.Code, v.Description = o.code, o.description; o == done() {
		if err := s.payBack(ctx, tx, v); err != nil {
			return err
		}
	}
	if _, err := tx.NamedExecContext(ctx,
		`INSERT INTO reversals (`+reversalColumns+`) VALUES (:originator_id, :conversation_id, :original, :short_code,
			:number, :cents, :code, :description, :receipt, :created_at)`, v); err != nil {
		return fmt.Errorf("record reversal: %w", err)
	}
	c.words = reversalWords(v.Code)
	if v.Number != "" {
		c.who = mask(v.Number)
	}
	r, err := s.reversalResult(ctx, tx, *v, *c)
	if err != nil {
		return err
	}
	return s.oweResult(ctx, tx, *c, r, fate{
		drop: faults.DropReversalResult, copies: faults.DuplicateReversalResult, timeout: faults.ReversalTimeoutInstead,
	})
}

// judgeReversal is M-PESA's decision. Whether a part of a payment can be given
// back, and for how long, is not documented: here only all of it, for ever.
func (s *Sim) judgeReversal(ctx context.Context, tx *sqlx.Tx, v *reversal) (outcome, error) {
	p, found, err := findPayment(ctx, tx, v.Original)
	if err != nil {
		return outcome{}, err
	}
	if !found || p.ShortCode != v.ShortCode {
		return outcome{resultNoOriginal, "The OriginalTransactionID is invalid."}, nil
	}
	v.Number = p.Number
	utility, err := bank.Balance(ctx, tx, bank.Utility(s.organisation(p.ShortCode)))
	if err != nil {
		return outcome{}, err
	}
	wallet, err := bank.Balance(ctx, tx, bank.Wallet(p.Number))
	if err != nil {
		return outcome{}, err
	}
	switch {
	case p.ReversedBy != "":
		return outcome{resultReversed, "The transaction has already been reversed."}, nil
	case v.Cents < p.Cents:
		return outcome{resultTooLittle, "The amount is less than that of the original transaction."}, nil
	case v.Cents > p.Cents:
		return outcome{resultTooMuch, "The amount is more than that of the original transaction."}, nil
	case wallet+v.Cents > bank.MaxWallet:
		return outcome{resultWalletFull, "The transaction would exceed the maximum balance of the receiver."}, nil
	case utility < v.Cents:
		return outcome{resultFunds, "The balance is insufficient for the transaction."}, nil
	}
	return done(), nil
}

// payBack moves the amount. The payer's fee is not given back: the samples have
// a charge of 0.00 and say no more.
func (s *Sim) payBack(ctx context.Context, tx *sqlx.Tx, v *reversal) error {
	wallet := bank.Wallet(v.Number)
	var err error
	if v.Receipt, err = s.bank.Move(ctx, tx, Movement{
		At: s.now(), Kind: bank.KindReversal, Debit: bank.Utility(s.organisation(v.ShortCode)), Credit: wallet,
		Cents: v.Cents, Reference: v.Original,
	}); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		`UPDATE payments SET reversed_by = $1 WHERE receipt = $2`, v.Receipt, v.Original); err != nil {
		return fmt.Errorf("mark payment: %w", err)
	}
	now, err := bank.Balance(ctx, tx, wallet)
	if err != nil {
		return err
	}
	return s.notifyReversed(ctx, tx, *v, now)
}

// reversalResult has the parameters of the reversal page's sample.
func (s *Sim) reversalResult(ctx context.Context, tx *sqlx.Tx, v reversal, c conversation) (result, error) {
	r := s.newResult(outcome{v.Code, v.Description}, c, queueReference(c.kind))
	if v.Code != resultDone {
		return r, nil
	}
	utility, err := bank.Balance(ctx, tx, bank.Utility(s.organisation(v.ShortCode)))
	if err != nil {
		return r, err
	}
	payer, err := s.partyName(ctx, tx, v.Number)
	if err != nil {
		return r, err
	}
	r.TransactionID = v.Receipt
	r.ResultParameters = &resultParameters{[]keyValue{
		{"DebitAccountBalance", "Utility Account|KES|" + fourFields(utility)},
		{"Amount", decimal(v.Cents)},
		{"TransCompletedTime", json.Number(mpesaTime(fromMicros(v.Created)))},
		{"OriginalTransactionID", v.Original},
		{"Charge", decimal(0)},
		{"CreditPartyPublicName", payer},
		{"DebitPartyPublicName", v.ShortCode + " - " + businessName},
	}}
	return r, nil
}
