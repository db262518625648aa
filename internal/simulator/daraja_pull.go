package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Limits of the pull API. The page size is not published; a reader that goes by
// row offsets does not care.
const (
	pullWindow = 48 * time.Hour
	pullPage   = 100
)

// The pull API has codes of its own: 1001 means there is nothing, or that it was
// registered before.
const (
	pullDone    = "1000"
	pullNothing = "1001"
)

// pullRegistration is POST /pulltransactions/v1/register.
type pullRegistration struct {
	ShortCode       scalar `json:"ShortCode"`
	RequestType     scalar `json:"RequestType"`
	NominatedNumber scalar `json:"NominatedNumber"`
	CallBackURL     scalar `json:"CallBackURL"`
}

type pullRegistered struct {
	ResponseRefID       string `json:"ResponseRefID"`
	ResponseStatus      string `json:"ResponseStatus"`
	ShortCode           string `json:"ShortCode"`
	ResponseDescription string `json:"ResponseDescription"`
}

// registerPull takes any number of registrations and counts the first.
func (s *Sim) registerPull(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[pullRegistration](body)
	if err != nil {
		return acceptance{}, err
	}
	_, numberOK := kenyan(string(req.NominatedNumber))
	if string(req.ShortCode) != s.cfg.BusinessShortCode || req.RequestType != "Pull" || !numberOK ||
		!callbackURL(req.CallBackURL) {
		return acceptance{}, badPull("Invalid registration")
	}
	res, err := s.db.ExecContext(ctx,
		`INSERT INTO pull_registrations (short_code, number, url) VALUES ($1, $2, $3) ON CONFLICT (short_code) DO NOTHING`,
		string(req.ShortCode), string(req.NominatedNumber), string(req.CallBackURL))
	if err != nil {
		return acceptance{}, fmt.Errorf("register pull: %w", err)
	}
	answer := pullRegistered{s.dice.requestID(), pullDone, string(req.ShortCode), "Shortcode Registered Successfully"}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		answer.ResponseStatus, answer.ResponseDescription = pullNothing, "Shortcode already Registered"
	}
	return acceptance{summary: "Register for the statement", body: answer}, nil
}

// pullRequest is /pulltransactions/v1/query, GET or POST.
type pullRequest struct {
	ShortCode   scalar `json:"ShortCode"`
	StartDate   scalar `json:"StartDate"`
	EndDate     scalar `json:"EndDate"`
	OffSetValue scalar `json:"OffSetValue"`
}

type pullAnswer struct {
	ResponseRefID   string      `json:"ResponseRefID"`
	ResponseCode    string      `json:"ResponseCode"`
	ResponseMessage string      `json:"ResponseMessage"`
	Response        [][]pullRow `json:"Response"` // one list within the list, also when it is empty
}

// pullRow is a payment as the statement lists it.
type pullRow struct {
	TransactionID    string      `json:"transactionId"`
	TrxDate          string      `json:"trxDate"`
	MSISDN           json.Number `json:"msisdn"`
	Sender           string      `json:"sender"`
	TransactionType  string      `json:"transactiontype"`
	BillReference    string      `json:"billreference"`
	Amount           string      `json:"amount"`
	OrganizationName string      `json:"organizationname"`
}

// window returns the times asked for, which are East Africa's, and the offset.
func (r pullRequest) window(now time.Time) (from, to time.Time, offset int, err error) {
	const layout = "2006-01-02 15:04:05"
	from, fromErr := time.ParseInLocation(layout, string(r.StartDate), bank.EastAfrica())
	to, toErr := time.ParseInLocation(layout, string(r.EndDate), bank.EastAfrica())
	offset, offsetErr := strconv.Atoi(string(r.OffSetValue))
	switch {
	case fromErr != nil || toErr != nil || to.Before(from):
		return from, to, 0, badPull("Invalid dates")
	case offsetErr != nil || offset < 0:
		return from, to, 0, badPull("Invalid OffSetValue")
	case from.Before(now.Add(-pullWindow).Truncate(time.Second)):
		return from, to, 0, badPull("Invalid StartDate, only the last 48 hours are kept")
	}
	return from, to, offset, nil
}

func badPull(why string) error {
	return &refusal{http.StatusBadRequest, errPull, "Bad Request - " + why}
}

// pull lists the payments to a short code, by prompt and by PayBill, oldest
// first. Payouts and reversals are not in it.
func (s *Sim) pull(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[pullRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	from, to, offset, err := req.window(s.now())
	if err != nil {
		return acceptance{}, err
	}
	var rows []payment
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		registered := 0
		if err := tx.GetContext(ctx, &registered,
			`SELECT count(*) FROM pull_registrations WHERE short_code = $1`, string(req.ShortCode)); err != nil {
			return fmt.Errorf("read pull registration: %w", err)
		}
		if registered == 0 {
			return badPull("ShortCode is not registered")
		}
		return tx.SelectContext(ctx, &rows,
			`SELECT `+paymentColumns+` FROM payments WHERE short_code = $1 AND paid_at >= $2 AND paid_at < $3
			 ORDER BY paid_at, receipt LIMIT $4 OFFSET $5`,
			string(req.ShortCode), micros(from), micros(to.Add(time.Second)), pullPage, offset)
	})
	if err != nil {
		return acceptance{}, fmt.Errorf("pull: %w", err)
	}
	if s.CurrentFaults().PullQuiet {
		rows = nil
	}
	answer := pullAnswer{s.dice.requestID(), pullDone, "Success", [][]pullRow{pullRows(rows)}}
	if len(rows) == 0 {
		answer.ResponseCode, answer.ResponseMessage = pullNothing, "No transactions"
	}
	return acceptance{summary: fmt.Sprintf("Statement, %d payments", len(rows)), body: answer}, nil
}

// pullRows has dates that claim to be UTC; every other M-PESA time is East
// Africa's, and so are these.
func pullRows(payments []payment) []pullRow {
	rows := make([]pullRow, 0, len(payments))
	for _, p := range payments {
		rows = append(rows, pullRow{
			TransactionID: p.Receipt, TrxDate: fromMicros(p.Paid).In(bank.EastAfrica()).Format("2006-01-02T15:04:05Z"),
			MSISDN: json.Number(strings.TrimPrefix(p.Number, "+")), Sender: "MPESA",
			TransactionType: "c2b-pay-bill-debit", BillReference: p.Account, Amount: decimal(p.Cents).String(),
			OrganizationName: businessName,
		})
	}
	return rows
}
