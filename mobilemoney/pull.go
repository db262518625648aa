package mobilemoney

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/voicepact/gateway/escrow"
)

const (
	pathPullRegister = "/pulltransactions/v1/register"
	pathPull         = "/pulltransactions/v1/query"

	// pulled and pulledNone answer a query; of a registration they mean that it
	// was made now, or before.
	pulled     = "1000"
	pulledNone = "1001"

	// Reach is how far back the statement goes (Daraja portal, Pull Transactions
	// page).
	Reach = 48 * time.Hour
	// maxRows ends paging that a server does not end.
	maxRows = 100_000
)

type pullRegisterRequest struct {
	ShortCode       string `json:"ShortCode"`
	RequestType     string `json:"RequestType"`
	NominatedNumber string `json:"NominatedNumber"`
	CallBackURL     string `json:"CallBackURL"`
}

// RegisterPull lets the statement be pulled, once per short code; known reports
// that it was done before. number is the phone that M-Pesa's portal has on record
// for the short code, 07…. What M-Pesa posts to the address that it wants to have
// is not documented; nothing is there.
//
// Errors are [AnswerError] and those of the way there.
func (c *Client) RegisterPull(ctx context.Context, number string) (known bool, err error) {
	a, err := c.post(ctx, c.pull, pathPullRegister, pullRegisterRequest{
		ShortCode: c.cfg.ShortCode, RequestType: "Pull", NominatedNumber: number, CallBackURL: c.tillURL(actPull),
	})
	if err != nil {
		return false, err
	}
	var said struct {
		Status scalar `json:"ResponseStatus"`
		Code   scalar `json:"ResponseCode"`
	}
	_ = read(a.body, &said) // what is not JSON says nothing
	code := said.Status + said.Code
	if !a.ok() || code != pulled && code != pulledNone {
		return false, a.trouble("register for the statement", initiatorMeaning)
	}
	return code == pulledNone, nil
}

type pullRequest struct {
	ShortCode   string `json:"ShortCode"`
	StartDate   string `json:"StartDate"`
	EndDate     string `json:"EndDate"`
	OffSetValue string `json:"OffSetValue"` // rows, not pages
}

// ErrTooOld reports that the statement does not reach back that far.
var ErrTooOld = errors.New("M-Pesa's statement reaches back 48 hours")

// Statement returns the payments that customers made to the short code from one
// time to another, each once, prompts included; payouts and reversals are not in
// it. A row that cannot be read is logged and left out.
//
// Errors are [ErrTooOld], [AnswerError] and those of the way there. There are no
// parts of a statement: with an error there is none.
func (c *Client) Statement(ctx context.Context, from, to time.Time) ([]escrow.Arrival, error) {
	if from.Before(c.now().Add(-Reach)) {
		return nil, ErrTooOld
	}
	var all []escrow.Arrival
	seen := map[string]bool{}
	for offset := 0; offset < maxRows; {
		page, err := c.page(ctx, from, to, offset)
		if err != nil {
			return nil, err
		}
		offset += len(page)
		fresh := false
		for _, row := range page {
			arrival, ok := row.arrival()
			if !ok {
				c.log.ErrorContext(ctx, "a row of M-Pesa's statement cannot be read", "receipt", shortCode(row.ID))
				continue
			}
			if !seen[arrival.Receipt] {
				seen[arrival.Receipt], fresh = true, true
				all = append(all, arrival)
			}
		}
		// A server that takes no offset sends the first page again.
		if !fresh {
			return all, nil
		}
	}
	return nil, &AnswerError{Act: "pull the statement", Code: codeGarbled, Reason: "it does not end"}
}

// page returns the rows from an offset on.
func (c *Client) page(ctx context.Context, from, to time.Time, offset int) (rows, error) {
	method := http.MethodPost
	if c.cfg.PullByGet {
		method = http.MethodGet
	}
	a, err := c.call(ctx, c.pull, method, pathPull, pullRequest{
		ShortCode: c.cfg.ShortCode, OffSetValue: strconv.Itoa(offset),
		StartDate: from.In(escrow.EAT).Format(time.DateTime), EndDate: to.In(escrow.EAT).Format(time.DateTime),
	})
	if err != nil {
		return nil, err
	}
	return a.page()
}

func (a answer) page() (rows, error) {
	var said struct {
		Rows rows `json:"Response"`
	}
	switch {
	case !a.ok():
	case a.ResponseCode == pulledNone:
		return nil, nil
	case a.ResponseCode == pulled && read(a.body, &said):
		return said.Rows, nil
	}
	return nil, a.trouble("pull the statement", initiatorMeaning)
}

// row is a payment in the statement. The names are in small letters there.
type row struct {
	ID     scalar `json:"transactionId"`
	At     scalar `json:"trxDate"`
	MSISDN scalar `json:"msisdn"`
	Sender scalar `json:"sender"`
	Ref    scalar `json:"billreference"`
	Amount scalar `json:"amount"`
}

// arrival reads a row. Its time ends in Z in the portal's sample; all other times
// of M-Pesa are those of East Africa, and so this one is taken for one.
func (r row) arrival() (escrow.Arrival, bool) {
	receipt, good := r.ID.receipt()
	amount, exact := r.Amount.cents()
	return escrow.Arrival{
		Receipt: receipt, Amount: amount, Account: account(r.Ref), Payer: customer(r.MSISDN),
		Name: name(r.Sender), At: r.At.moment(), Channel: escrow.ByStatement,
	}, good && exact
}

// rows come in a list of lists, of which an empty statement has one.
type rows []row

// UnmarshalJSON implements [json.Unmarshaler].
func (r *rows) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '[' {
		return nil // an empty statement has been seen as the text "[[]]"
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return fmt.Errorf("read statement: %w", err)
	}
	for _, element := range elements {
		var list []row
		err := json.Unmarshal(element, &list)
		if element[0] == '{' {
			list = make([]row, 1)
			err = json.Unmarshal(element, &list[0])
		}
		if err != nil {
			// Passed over it would be a payment that never was. The cause is not
			// wrapped: readers forgive values of a wrong type.
			return errors.New("a row of the statement is none")
		}
		*r = append(*r, list...)
	}
	return nil
}
