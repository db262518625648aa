package simulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

const (
	// c2bAnswerLimit is how long M-PESA waits for the answer to a validation
	// (Daraja portal, C2B register page).
	c2bAnswerLimit = 8 * time.Second
	c2bAccepted    = "0"
)

// Default actions of a short code whose validation is not answered in time, as
// they are spelt at registration.
const (
	ResponseCompleted = "Completed"
	ResponseCancelled = "Cancelled"
)

// C2BURLs are what an organisation registers for payments to its PayBill.
type C2BURLs struct {
	// Version is that of the API it was registered with, 1 or 2; it decides how
	// the payer's number is hidden. 0 means 2.
	Version int `db:"version"`
	// ResponseType is what happens when ValidateURL does not answer in time:
	// Completed or Cancelled; "" means Cancelled.
	ResponseType string `db:"response_type"`
	// ConfirmURL is told of every payment.
	ConfirmURL string `db:"confirm_url"`
	// ValidateURL is asked before a payment by PayBill; "" asks nobody.
	ValidateURL string `db:"validate_url"`
}

func storeURLs(ctx context.Context, tx *sqlx.Tx, shortCode string, u C2BURLs) error {
	if u.Version == 0 {
		u.Version = 2
	}
	if u.ResponseType == "" {
		u.ResponseType = ResponseCancelled
	}
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO c2b_urls (short_code, version, response_type, confirm_url, validate_url) VALUES ($1, $2, $3, $4, $5)
		 ON CONFLICT (short_code) DO UPDATE SET version = excluded.version, response_type = excluded.response_type,
			confirm_url = excluded.confirm_url, validate_url = excluded.validate_url`,
		shortCode, u.Version, u.ResponseType, u.ConfirmURL, u.ValidateURL); err != nil {
		return fmt.Errorf("store C2B URLs: %w", err)
	}
	return nil
}

// readURLs also takes a database, for reading outside of a transaction.
func readURLs(ctx context.Context, q sqlx.QueryerContext, shortCode string) (C2BURLs, bool, error) {
	var u C2BURLs
	err := sqlx.GetContext(ctx, q, &u,
		`SELECT version, response_type, confirm_url, validate_url FROM c2b_urls WHERE short_code = $1`, shortCode)
	if errors.Is(err, sql.ErrNoRows) {
		return C2BURLs{}, false, nil
	}
	if err != nil {
		return C2BURLs{}, false, fmt.Errorf("read C2B URLs: %w", err)
	}
	return u, true, nil
}

// c2bNotice is the body of validation and of confirmation; all values are
// strings.
type c2bNotice struct {
	TransactionType   string `json:"TransactionType"`
	TransID           string `json:"TransID"`
	TransTime         string `json:"TransTime"`
	TransAmount       string `json:"TransAmount"`
	BusinessShortCode string `json:"BusinessShortCode"`
	BillRefNumber     string `json:"BillRefNumber"`
	InvoiceNumber     string `json:"InvoiceNumber"`
	OrgAccountBalance string `json:"OrgAccountBalance"` // blank before the money moved
	ThirdPartyTransID string `json:"ThirdPartyTransID"`
	MSISDN            string `json:"MSISDN"` // hidden in a way that depends on the version
	FirstName         string `json:"FirstName"`
	MiddleName        string `json:"MiddleName"`
	LastName          string `json:"LastName"`
}

func (s *Sim) newNotice(ctx context.Context, q sqlx.QueryerContext, u C2BURLs, p payment, at int64) (c2bNotice, error) {
	payer, _, err := readPhone(ctx, q, p.Number)
	if err != nil {
		return c2bNotice{}, err
	}
	n := c2bNotice{
		TransactionType: "Pay Bill", TransID: p.Receipt, TransTime: mpesaTime(fromMicros(at)),
		TransAmount: decimal(p.Cents).String(), BusinessShortCode: p.ShortCode, BillRefNumber: p.Account,
		ThirdPartyTransID: p.ThirdParty, MSISDN: maskPayer(p.Number),
	}
	if u.Version == 1 {
		sum := sha256.Sum256([]byte(strings.TrimPrefix(p.Number, "+")))
		n.MSISDN = hex.EncodeToString(sum[:])
	}
	if !s.CurrentFaults().EmptyNames {
		// The samples have a first name and blanks.
		n.FirstName, _, _ = strings.Cut(strings.ToUpper(payer.Name), " ")
	}
	return n, nil
}

// oweConfirmation tells the registered URL, if there is one, of a payment.
func (s *Sim) oweConfirmation(ctx context.Context, tx *sqlx.Tx, p payment) error {
	u, registered, err := readURLs(ctx, tx, p.ShortCode)
	if err != nil || !registered {
		return err
	}
	notice, err := s.newNotice(ctx, tx, u, p, p.Paid)
	if err != nil {
		return err
	}
	utility, err := bank.Balance(ctx, tx, bank.Utility(s.organisation(p.ShortCode)))
	if err != nil {
		return err
	}
	notice.OrgAccountBalance = decimal(utility).String()
	body, err := json.Marshal(notice)
	if err != nil {
		return fmt.Errorf("encode confirmation: %w", err)
	}
	faults := s.CurrentFaults()
	return s.owe(ctx, tx, callback{
		Kind: kindC2BConfirm, Who: mask(p.Number), URL: u.ConfirmURL, Body: body, Ref: p.Receipt,
		Summary: fmt.Sprintf("Paid %s, account %s", kshWhole(p.Cents), p.Account),
	}, faults.DropC2BConfirmation, faults.DuplicateC2BConfirmation)
}

// c2bVerdict is the answer to a validation: "0" accepts.
type c2bVerdict struct {
	ResultCode        scalar `json:"ResultCode"`
	ThirdPartyTransID scalar `json:"ThirdPartyTransID"`
}

// validate asks the gateway whether p may be paid, where it registered for that.
// The answer "" says that the default action cancels.
func (s *Sim) validate(ctx context.Context, u C2BURLs, p payment) (c2bVerdict, error) {
	faults := s.CurrentFaults()
	if u.ValidateURL == "" || faults.ValidationOff {
		return c2bVerdict{ResultCode: c2bAccepted}, nil
	}
	fallback := c2bVerdict{}
	if u.ResponseType == ResponseCompleted {
		fallback.ResultCode = c2bAccepted
	}
	entry := WireEntry{
		To: toGateway, Kind: kindC2BValidate, Who: mask(p.Number),
		Summary: fmt.Sprintf("May %s be paid, account %s? ", kshWhole(p.Cents), p.Account),
	}
	defer func() { s.wire.add(entry) }()
	if faults.ValidationLost {
		entry.Summary += "No answer: " + u.ResponseType
		return fallback, nil
	}
	notice, err := s.newNotice(ctx, s.db, u, p, p.Started)
	if err != nil {
		return c2bVerdict{}, err
	}
	body, err := json.Marshal(notice)
	if err != nil {
		return c2bVerdict{}, fmt.Errorf("encode validation: %w", err)
	}
	verdict, status := s.askValidation(ctx, u.ValidateURL, reshape(body, false, faults.FlipTypes))
	entry.Status = status
	switch verdict.ResultCode {
	case "":
		entry.Summary += "No answer: " + u.ResponseType
		return fallback, nil
	case c2bAccepted:
		entry.Summary += "Yes"
	default:
		entry.Summary += "No, " + string(verdict.ResultCode)
	}
	return verdict, nil
}

// askValidation returns no code when the gateway is late, away or unreadable.
func (s *Sim) askValidation(ctx context.Context, address string, body []byte) (c2bVerdict, int) {
	ctx, cancel := context.WithTimeout(ctx, s.validationLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return c2bVerdict{}, 0
	}
	req.Header.Set("User-Agent", "")
	req.Header.Set("Content-Type", contentJSON)
	res, err := s.client.Do(req)
	if err != nil {
		return c2bVerdict{}, 0
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, replyLimit))
	var v c2bVerdict
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(text, &v) != nil {
		return c2bVerdict{}, res.StatusCode
	}
	return v, res.StatusCode
}
