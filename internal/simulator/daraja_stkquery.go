package simulator

import (
	"context"
	"net/http"
	"strconv"
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

// stkQuery answers 4999 while the prompt is open, as observed in 2026, and the
// final code afterwards.
func (s *Sim) stkQuery(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[stkQueryRequest](body)
	if err != nil {
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
	code, description, words := "4999", "The transaction is still under processing", "waiting for the PIN"
	if p.Open == 0 {
		code, description, words = strconv.Itoa(p.Code), p.Description, paymentWords(p.Code)
	}
	return acceptance{
		who:     mask(p.Number),
		summary: "Payment query: " + words,
		body: stkQueryAnswer{
			ResponseCode: "0", ResponseDescription: "The service request has been accepted successfully",
			MerchantRequestID: p.MerchantID, CheckoutRequestID: p.ID,
			ResultCode: code, ResultDesc: description,
		},
	}, nil
}
