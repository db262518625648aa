package simulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/jmoiron/sqlx"
)

// registerRequest is POST /mpesa/c2b/v2/registerurl, and v1.
type registerRequest struct {
	ShortCode       scalar `json:"ShortCode"`
	ResponseType    scalar `json:"ResponseType"`
	ConfirmationURL scalar `json:"ConfirmationURL"`
	ValidationURL   scalar `json:"ValidationURL"`
}

// c2bAnswer has the portal's own spelling of its first name.
type c2bAnswer struct {
	OriginatorCoversationID string `json:"OriginatorCoversationID"`
	ResponseCode            string `json:"ResponseCode"`
	ResponseDescription     string `json:"ResponseDescription"`
}

func (r registerRequest) check() error {
	return firstBroken(
		rule{shortCodePattern.MatchString(string(r.ShortCode)), "ShortCode"},
		rule{slices.Contains([]scalar{ResponseCompleted, ResponseCancelled}, r.ResponseType), "ResponseType"},
		rule{callbackURL(r.ConfirmationURL), "ConfirmationURL"},
		rule{callbackURL(r.ValidationURL), "ValidationURL"},
	)
}

// registerURLs takes the URLs once, as production does, unless configured
// otherwise.
func (s *Sim) registerURLs(version int) darajaCall {
	return func(ctx context.Context, body []byte) (acceptance, error) {
		req, err := payload[registerRequest](body)
		if err != nil {
			return acceptance{}, err
		}
		if err := req.check(); err != nil {
			return acceptance{}, err
		}
		if string(req.ShortCode) != s.cfg.BusinessShortCode {
			return acceptance{}, invalid("ShortCode")
		}
		err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
			_, registered, err := readURLs(ctx, tx, string(req.ShortCode))
			if err != nil {
				return err
			}
			if registered && !s.cfg.C2BMany {
				return &refusal{http.StatusInternalServerError, errInternal, "Urls are already registered"}
			}
			return storeURLs(ctx, tx, string(req.ShortCode), C2BURLs{
				Version: version, ResponseType: string(req.ResponseType),
				ConfirmURL: string(req.ConfirmationURL), ValidateURL: string(req.ValidationURL),
			})
		})
		if err != nil {
			return acceptance{}, fmt.Errorf("register URLs: %w", err)
		}
		return acceptance{
			summary: "Register for PayBill payments, default " + string(req.ResponseType),
			body:    c2bAnswer{s.dice.requestID(), "0", "Success"},
		}, nil
	}
}

// simulateRequest is POST /mpesa/c2b/v2/simulate, of the sandbox only.
type simulateRequest struct {
	ShortCode     scalar `json:"ShortCode"`
	CommandID     scalar `json:"CommandID"`
	Amount        scalar `json:"Amount"`
	Msisdn        scalar `json:"Msisdn"`
	BillRefNumber scalar `json:"BillRefNumber"`
}

// simulateC2B pays from a phone of this desk without anybody's PIN.
func (s *Sim) simulateC2B(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[simulateRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	number, numberOK := msisdn(string(req.Msisdn))
	cents, amountOK := shillings(string(req.Amount))
	_, known, err := readPhone(ctx, s.db, number)
	if err != nil {
		return acceptance{}, err
	}
	if err := firstBroken(
		rule{string(req.ShortCode) == s.cfg.BusinessShortCode, "ShortCode"},
		rule{req.CommandID == "CustomerPayBillOnline", "CommandID"},
		rule{amountOK, "Amount"},
		rule{numberOK && known, "Msisdn"},
		rule{req.BillRefNumber != "" && len(req.BillRefNumber) <= maxBillReference, "BillRefNumber"},
	); err != nil {
		return acceptance{}, err
	}
	p := payment{
		OriginatorID: s.dice.requestID(), ShortCode: string(req.ShortCode), Number: number, Cents: cents,
		Account: string(req.BillRefNumber), Reason: "Pay Bill", Started: micros(s.now()),
	}
	if err := s.payByC2B(ctx, p); err != nil {
		return acceptance{}, err
	}
	return acceptance{
		who: mask(number), summary: fmt.Sprintf("Pay %s, account %s", kshWhole(cents), p.Account),
		body: c2bAnswer{p.OriginatorID, "0", acceptedB2C},
	}, nil
}
