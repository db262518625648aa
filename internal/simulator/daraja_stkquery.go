package simulator

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// stkQueryRequest is POST /mpesa/stkpushquery/v1/query.
type stkQueryRequest struct {
	BusinessShortCode scalar `json:"BusinessShortCode"`
	Password          scalar `json:"Password"`
	Timestamp         scalar `json:"Timestamp"`
	CheckoutRequestID scalar `json:"CheckoutRequestID"`
}

// stkQueryAnswer holds strings only, the result code included. It has neither
// receipt nor amount.
type stkQueryAnswer struct {
	ResponseCode        string `json:"ResponseCode"`
	ResponseDescription string `json:"ResponseDescription"`
	MerchantRequestID   string `json:"MerchantRequestID"`
	CheckoutRequestID   string `json:"CheckoutRequestID"`
	ResultCode          string `json:"ResultCode"`
	ResultDesc          string `json:"ResultDesc"`
}

// queryPace is the least time between two queries of one application: five a
// minute and no burst, observed on the sandbox in 2026.
const queryPace = 12 * time.Second

// pace remembers when the last query was let through.
type pace struct {
	mu   sync.Mutex
	last time.Time
}

// allow is false sooner than gap after the last that it allowed.
func (p *pace) allow(now time.Time, gap time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() && now.Before(p.last.Add(gap)) {
		return false
	}
	p.last = now
	return true
}

// stkQuery answers 4999 while the prompt is open, as observed in 2026, and the
// final code afterwards, unless faults make it say something else.
func (s *Sim) stkQuery(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[stkQueryRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	if err := s.spoilQuery(); err != nil {
		return acceptance{}, err
	}
	if err := s.merchant(req.BusinessShortCode, req.Password, req.Timestamp); err != nil {
		return acceptance{}, err
	}
	p, found, err := readPrompt(ctx, s.db, string(req.CheckoutRequestID))
	if err != nil {
		return acceptance{}, err
	}
	if !found {
		return acceptance{}, &refusal{http.StatusInternalServerError, errSTK, "The transaction does not Exist"}
	}
	o, err := s.queryOutcome(p)
	if err != nil {
		return acceptance{who: mask(p.Number)}, err
	}
	words := "waiting for the PIN"
	if o.code != queryOpen {
		words = paymentWords(o.code)
	}
	return acceptance{
		who:     mask(p.Number),
		summary: "Payment query: " + words,
		body: stkQueryAnswer{
			ResponseCode: "0", ResponseDescription: "The service request has been accepted successfully",
			MerchantRequestID: p.MerchantID, CheckoutRequestID: p.ID,
			ResultCode: string(o.code), ResultDesc: o.description,
		},
	}, nil
}

// spoilQuery answers in place of the query: too many, or noise that says
// nothing about the payment.
func (s *Sim) spoilQuery() error {
	faults := s.CurrentFaults()
	if faults.QueryLimit && !s.pace.allow(s.now(), queryPace) {
		return &refusal{
			http.StatusTooManyRequests, "policies.ratelimit.SpikeArrestViolation",
			"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, " +
				"periodInMicroseconds=60000000, maxBurstMessageCount=1.0}",
		}
	}
	if s.dice.chance(faults.QueryNoisePercent) {
		return &refusal{http.StatusInternalServerError, errSTK, "Internal Server Error"}
	}
	return nil
}

// queryOpen is in no table of the portal and is what the sandbox says while the
// customer has not answered.
const queryOpen resultCode = "4999"

// queryOutcome is what the query says about p. An open one has been seen to be
// answered in four ways.
func (s *Sim) queryOutcome(p prompt) (outcome, error) {
	faults := s.CurrentFaults()
	denial := outcome{resultUnreachable, "DS timeout user cannot be reached."}
	switch {
	case p.Open == 0 && p.Code == resultDone && faults.QueryDeniesPaid:
		return denial, nil
	case p.Open == 0:
		return outcome{p.Code, p.Description}, nil
	case faults.QueryDeniesOpen:
		return denial, nil
	}
	switch faults.InFlight {
	case "B":
		return outcome{}, &refusal{http.StatusInternalServerError, errSTK, "The transaction is being processed"}
	case "C":
		return outcome{}, &refusal{http.StatusOK, errSTK, ""}
	case "D":
		return outcome{}, invalid("CheckoutRequestID")
	default:
		return outcome{queryOpen, "The transaction is still under processing"}, nil
	}
}
