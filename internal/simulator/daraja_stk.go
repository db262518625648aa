package simulator

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Limits of an STK push (Daraja portal, M-PESA Express page).
const (
	maxAccountReference = 12
	maxTransactionDesc  = 13
	payBill             = "CustomerPayBillOnline"
	buyGoods            = "CustomerBuyGoodsOnline"
	subscriberLocked    = "Unable to lock subscriber, a transaction is already in process for the current subscriber"
)

var (
	shortCodePattern = regexp.MustCompile(`^\d{5,7}$`)
	timestampPattern = regexp.MustCompile(`^20\d{12}$`)
)

// stkRequest is POST /mpesa/stkpush/v1/processrequest.
type stkRequest struct {
	BusinessShortCode scalar `json:"BusinessShortCode"`
	Password          scalar `json:"Password"`
	Timestamp         scalar `json:"Timestamp"`
	TransactionType   scalar `json:"TransactionType"`
	Amount            scalar `json:"Amount"`
	PartyA            scalar `json:"PartyA"`
	PartyB            scalar `json:"PartyB"`
	PhoneNumber       scalar `json:"PhoneNumber"`
	CallBackURL       scalar `json:"CallBackURL"`
	AccountReference  scalar `json:"AccountReference"`
	TransactionDesc   scalar `json:"TransactionDesc"`
}

// stkAnswer accepts a push; all values are strings.
type stkAnswer struct {
	MerchantRequestID   string `json:"MerchantRequestID"`
	CheckoutRequestID   string `json:"CheckoutRequestID"`
	ResponseCode        string `json:"ResponseCode"`
	ResponseDescription string `json:"ResponseDescription"`
	CustomerMessage     string `json:"CustomerMessage"`
}

// merchant checks the three fields that push and query share.
func (s *Sim) merchant(shortCode, password, timestamp scalar) error {
	at := string(timestamp)
	if !shortCodePattern.MatchString(string(shortCode)) {
		return invalid("BusinessShortCode")
	}
	if _, err := time.Parse("20060102150405", at); err != nil || !timestampPattern.MatchString(at) {
		return invalid("Timestamp")
	}
	if string(shortCode) != s.cfg.BusinessShortCode {
		return &refusal{http.StatusInternalServerError, errSTK, "Merchant does not exist"}
	}
	want := base64.StdEncoding.EncodeToString([]byte(s.cfg.BusinessShortCode + s.cfg.Passkey + at))
	if !same(string(password), want) {
		return &refusal{http.StatusInternalServerError, errSTK, "[MerchantValidate] - Wrong credentials"}
	}
	return nil
}

// check returns the payer and the amount.
func (r stkRequest) check() (string, int64, error) {
	if r.TransactionType != payBill && r.TransactionType != buyGoods {
		return "", 0, invalid("TransactionType")
	}
	cents, ok := shillings(string(r.Amount))
	if !ok {
		return "", 0, invalid("Amount")
	}
	number, ok := msisdn(string(r.PhoneNumber))
	if !ok {
		return "", 0, invalid("PhoneNumber")
	}
	if _, ok := msisdn(string(r.PartyA)); !ok {
		return "", 0, invalid("PartyA")
	}
	if !shortCodePattern.MatchString(string(r.PartyB)) {
		return "", 0, invalid("PartyB")
	}
	if !callbackURL(r.CallBackURL) {
		return "", 0, invalid("CallBackURL")
	}
	// Whether Daraja enforces these two lengths is not known; here it does.
	if n := len(r.AccountReference); n == 0 || n > maxAccountReference {
		return "", 0, invalid("AccountReference")
	}
	if len(r.TransactionDesc) > maxTransactionDesc {
		return "", 0, invalid("TransactionDesc")
	}
	return number, cents, nil
}

// stkPush shows a prompt on the payer's phone.
func (s *Sim) stkPush(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[stkRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	if err := s.merchant(req.BusinessShortCode, req.Password, req.Timestamp); err != nil {
		return acceptance{}, err
	}
	number, cents, err := req.check()
	if err != nil {
		return acceptance{}, err
	}
	p := s.newPrompt(number, cents, req)
	who := mask(number)
	if err := s.openPrompt(ctx, &p, req); err != nil {
		return acceptance{who: who}, err
	}
	s.changed()
	faults := s.CurrentFaults()
	a := acceptance{
		who:     who,
		summary: fmt.Sprintf("Ask for %s, account %s", kshWhole(cents), p.Account),
		drop:    faults.DropSTKResponse,
		body:    stkAnswer{p.MerchantID, p.ID, "0", acceptedSTK, acceptedSTK},
	}
	if faults.CallbackBeforeResponse {
		a.after = p.ID
	}
	return a, nil
}

// newPrompt leaves the checkout id to openPrompt.
func (s *Sim) newPrompt(number string, cents int64, req stkRequest) prompt {
	now, life := s.now(), s.cfg.PromptLife
	if seconds := s.CurrentFaults().PromptSeconds; seconds > 0 {
		life = time.Duration(seconds) * time.Second
	}
	return prompt{
		MerchantID: s.dice.requestID(), Number: number, Cents: cents,
		Account: string(req.AccountReference), CallbackURL: string(req.CallBackURL),
		Open: 1, Created: micros(now), Expires: micros(now.Add(life)),
	}
}

// newCheckoutID has the shape observed: Nairobi time to the millisecond and the
// last nine digits of the number. A second push in the same millisecond, which
// a test with a standing clock makes, takes the next free one.
func newCheckoutID(ctx context.Context, tx *sqlx.Tx, p *prompt) (string, error) {
	for at := fromMicros(p.Created); ; at = at.Add(time.Millisecond) {
		stamp := strings.Replace(at.In(bank.EastAfrica()).Format("02012006150405.000"), ".", "", 1)
		id := "ws_CO_" + stamp + strings.TrimPrefix(p.Number, "+254")
		if _, taken, err := readPrompt(ctx, tx, id); err != nil || !taken {
			return id, err
		}
	}
}

// openPrompt stores p. A request that M-PESA takes but cannot put before the
// customer is stored closed, and answered by callback.
func (s *Sim) openPrompt(ctx context.Context, p *prompt, req stkRequest) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		o, err := s.judgePush(ctx, tx, p, req)
		if err != nil {
			return err
		}
		if p.ID, err = newCheckoutID(ctx, tx, p); err != nil {
			return err
		}
		p.Open = boolInt(o == done())
		if err := insertPrompt(ctx, tx, p); err != nil || p.Open == 1 {
			return err
		}
		return s.closePrompt(ctx, tx, p, o)
	})
	if err != nil {
		return fmt.Errorf("open prompt: %w", err)
	}
	return nil
}

// sameAmountWindow is how long one amount cannot be asked of one phone again
// (M-PESA Express page, result 17).
const sameAmountWindow = 2 * time.Minute

// judgePush is what M-PESA says before it asks the customer.
func (s *Sim) judgePush(ctx context.Context, tx *sqlx.Tx, p *prompt, req stkRequest) (outcome, error) {
	open, again := 0, 0
	if err := tx.QueryRowxContext(ctx,
		`SELECT coalesce(sum(open), 0), coalesce(sum(cents = $2 AND created_at > $3), 0) FROM prompts WHERE number = $1`,
		p.Number, p.Cents, micros(s.now().Add(-sameAmountWindow))).Scan(&open, &again); err != nil {
		return outcome{}, fmt.Errorf("look for other prompts: %w", err)
	}
	_, known, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return outcome{}, err
	}
	network, err := readNetwork(ctx, tx, p.Number)
	if err != nil {
		return outcome{}, err
	}
	faults := s.CurrentFaults()
	switch {
	case open > 0 && faults.LockByResult:
		return outcome{resultLock, subscriberLocked}, nil
	case open > 0:
		return outcome{}, &refusal{http.StatusInternalServerError, errSTK, subscriberLocked}
	case string(req.TransactionType) != payBill || string(req.PartyB) != s.cfg.BusinessShortCode:
		return outcome{resultProduct, notPermitted}, nil
	case again > 0 && faults.SameAmountRule:
		return outcome{resultRule, "Rule limited."}, nil
	case p.Cents > bank.MaxAmount:
		return outcome{resultTooMuch, "The amount is more than the maximum allowed."}, nil
	case !known || network.Off:
		return unreachable(), nil
	}
	return done(), nil
}
