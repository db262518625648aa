package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// phoneAct is something done with one phone.
type phoneAct func(ctx context.Context, number string, body phoneBody) error

// phoneBody holds the fields of all acts; each reads its own.
type phoneBody struct {
	Code   string `json:"code"`   // dial
	Text   string `json:"text"`   // answer, sms
	PIN    string `json:"pin"`    // prompt, paybill
	Cancel bool   `json:"cancel"` // prompt

	Business string `json:"business"` // paybill
	Account  string `json:"account"`  // paybill
	Amount   string `json:"amount"`   // paybill, whole shillings
	Number   string `json:"number"`   // a new phone
	Name     string `json:"name"`     // a new phone
	Language string `json:"language"` // a new phone, or what its owner reads from now on
	What     string `json:"what"`     // repeat: hop or text

	networkChange
}

// Register mounts the page at /, its files at /assets/ and beside /, the phones
// at /sim/, and the providers at /sim/africastalking and /sim/daraja.
func (s *Sim) Register(r fiber.Router) {
	sim := r.Group("/sim", noStore)
	sim.Post("/africastalking/version1/messaging", s.messaging)
	sim.Get("/africastalking/version1/user", s.account)
	sim.Post("/secondsms/send", s.secondSMS)

	daraja := sim.Group("/daraja")
	daraja.All("/oauth/v1/generate", s.oauth)
	daraja.All("/mpesa/stkpush/v1/processrequest", s.daraja(kindSTKPush, s.stkPush))
	daraja.All("/mpesa/stkpushquery/v1/query", s.daraja(kindSTKQuery, s.stkQuery))
	daraja.All("/mpesa/b2c/v3/paymentrequest", s.daraja(kindB2C, s.b2c))
	daraja.All("/mpesa/transactionstatus/v1/query", s.daraja(kindStatus, s.transactionStatus))
	daraja.All("/mpesa/accountbalance/v1/query", s.daraja(kindBalance, s.accountBalance))
	daraja.All("/mpesa/reversal/v1/request", s.daraja(kindReversal, s.reverse))
	for version, path := range map[int]string{1: "/mpesa/c2b/v1", 2: "/mpesa/c2b/v2"} {
		daraja.All(path+"/registerurl", s.daraja(kindC2BRegister, s.registerURLs(version)))
		daraja.All(path+"/simulate", s.daraja(kindC2BSimulate, s.simulateC2B))
	}
	daraja.All("/pulltransactions/v1/register", s.daraja(kindPullRegister, s.registerPull))
	daraja.All("/pulltransactions/v1/query", s.daraja(kindPull, s.pull))

	sim.Get("/state", s.getState)
	sim.Get("/stream", s.stream)
	sim.Get("/bank", s.getBank)
	sim.Post("/bank/float", s.postFloat)
	sim.Get("/faults", s.getFaults)
	sim.Post("/faults", s.postFaults)
	sim.Delete("/faults", s.deleteFaults)
	sim.Post("/phones", s.postPhone)
	for name, act := range map[string]phoneAct{
		"dial":     func(ctx context.Context, n string, b phoneBody) error { return s.dial(ctx, n, b.Code) },
		"answer":   func(ctx context.Context, n string, b phoneBody) error { return s.answer(ctx, n, b.Text) },
		"drop":     func(ctx context.Context, n string, _ phoneBody) error { return s.drop(ctx, n) },
		"repeat":   func(ctx context.Context, n string, b phoneBody) error { return s.repeat(ctx, n, b.What) },
		"language": func(ctx context.Context, n string, b phoneBody) error { return s.speak(ctx, n, b.Language) },
		"hangup":   func(ctx context.Context, n string, _ phoneBody) error { return s.hangup(ctx, n) },
		"sms":      func(ctx context.Context, n string, b phoneBody) error { return s.textShortCode(ctx, n, b.Text) },
		"prompt": func(ctx context.Context, n string, b phoneBody) error {
			return s.answerPrompt(ctx, n, b.PIN, b.Cancel)
		},
		"paybill": s.payBill,
	} {
		sim.Post("/phones/:number/"+name, s.phoneHandler(s.whenOn(act)))
	}
	sim.Post("/phones/:number/network", s.phoneHandler(func(ctx context.Context, n string, b phoneBody) error {
		return s.setNetwork(ctx, n, b.networkChange)
	}))
	registerPage(r)
}

// noStore covers everything that holds somebody's data, toy or not.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	return c.Next()
}

// getState also ends every act, whose effect on a contract must be in it: the
// page's advice would otherwise lag a step behind.
func (s *Sim) getState(c *fiber.Ctx) error {
	s.watch.refresh(c.UserContext(), 0)
	st, err := s.state(c.UserContext())
	if err != nil {
		return s.failure(c, err)
	}
	return c.JSON(st)
}

// postPhone puts one more phone on the desk.
func (s *Sim) postPhone(c *fiber.Ctx) error {
	body, err := phoneRequest(c)
	if err != nil {
		return s.failure(c, err)
	}
	added, err := s.addPhone(c.UserContext(), Person{
		Number: body.Number, Name: body.Name, PIN: defaultPIN, WalletCents: defaultWalletCents, Language: body.Language,
	})
	if err != nil {
		return s.failure(c, err)
	}
	if !added {
		return s.failure(c, refuse(http.StatusConflict, "That phone is here already."))
	}
	s.changed()
	if number, _ := kenyan(body.Number); body.Language != "" {
		if err := s.speak(c.UserContext(), number, body.Language); err != nil {
			return s.failure(c, err)
		}
	}
	return s.getState(c)
}

// whenOn keeps a phone that is off from acting.
func (s *Sim) whenOn(act phoneAct) phoneAct {
	return func(ctx context.Context, number string, body phoneBody) error {
		if err := s.refuseOff(ctx, number); err != nil {
			return err
		}
		return act(ctx, number, body)
	}
}

// phoneHandler finds the phone and answers with the state after the act.
func (s *Sim) phoneHandler(act phoneAct) fiber.Handler {
	return func(c *fiber.Ctx) error {
		body, err := phoneRequest(c)
		if err != nil {
			return s.failure(c, err)
		}
		// The page escapes the plus sign, people with curl do not.
		raw, err := url.PathUnescape(c.Params("number"))
		number, ok := kenyan(raw)
		if err != nil || !ok {
			return s.failure(c, refuse(http.StatusNotFound, "There is no such phone."))
		}
		number = strings.Clone(number)
		if _, known, err := readPhone(c.UserContext(), s.db, number); err != nil || !known {
			return s.failure(c, errors.Join(err, refuse(http.StatusNotFound, "There is no such phone.")))
		}
		if err := act(c.UserContext(), number, body); err != nil {
			return s.failure(c, err)
		}
		return s.getState(c)
	}
}

// phoneRequest insists on JSON by name: a page of another origin can send that
// only after asking, and is not answered when it asks.
func phoneRequest(c *fiber.Ctx) (phoneBody, error) {
	return request[phoneBody](c)
}

func request[T any](c *fiber.Ctx) (T, error) {
	var body T
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || media != fiber.MIMEApplicationJSON {
		return body, refuse(http.StatusUnsupportedMediaType, "Send JSON.")
	}
	if err := json.Unmarshal(c.Body(), &body); err != nil {
		return body, refuse(http.StatusBadRequest, "That is not the JSON expected here.")
	}
	return body, nil
}

type apiError struct {
	Error string `json:"error"`
}

// failure answers with the sentence of a refusal; what is not one is our fault,
// logged here and not told.
func (s *Sim) failure(c *fiber.Ctx, err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return c.Status(r.status).JSON(apiError{r.message})
	}
	s.log.ErrorContext(c.UserContext(), "simulator: request failed", slog.Any("error", err))
	return c.Status(http.StatusInternalServerError).JSON(apiError{"The simulator failed; its log says why."})
}
