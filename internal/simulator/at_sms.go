package simulator

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/jmoiron/sqlx"
)

// Answers of Africa's Talking's messaging API per recipient (SMS sending page).
const (
	codeSent          = 101
	codeQueued        = 102
	codeInvalidNumber = 403

	// badCredentials is the body of a 401, recorded from the sandbox.
	badCredentials = "The supplied authentication is invalid"
	// costPerPart is Ksh 0.8000 in ten-thousandths of a shilling.
	costPerPart = 8000
)

// Sizes of a text: septets of the GSM alphabet or UTF-16 units, alone or in a
// series (3GPP TS 23.038 and 23.040).
const (
	gsmSingle, gsmSeries = 160, 153
	ucsSingle, ucsSeries = 70, 67
)

// senderPattern is an alphanumeric sender id.
var senderPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 _-]{1,10}$`)

type smsRecipient struct {
	StatusCode int    `json:"statusCode"`
	Number     string `json:"number"`
	Status     string `json:"status"`
	Cost       string `json:"cost"`
	MessageID  string `json:"messageId"`
}

type smsMessageData struct {
	Message    string         `json:"Message"`
	Recipients []smsRecipient `json:"Recipients"`
}

type smsAnswer struct {
	SMSMessageData smsMessageData `json:"SMSMessageData"`
}

// outbound is a parsed send.
type outbound struct {
	to      []string
	message string
	from    string
	enqueue bool
}

// messaging is POST /version1/messaging.
func (s *Sim) messaging(c *fiber.Ctx) error {
	out := outbound{
		message: strings.Clone(c.FormValue("message")),
		from:    strings.Clone(c.FormValue("from")),
		enqueue: c.FormValue("enqueue") == "1",
	}
	to := strings.Clone(c.FormValue("to"))
	who := ""
	if to != "" {
		out.to = strings.Split(to, ",")
		who = mask(strings.TrimSpace(out.to[0]))
	}
	status, text, answer, err := s.send(c, to, out)
	if err != nil {
		return s.failure(c, err)
	}
	s.wire.add(WireEntry{
		To: toProvider, Kind: kindSMSOut, Who: who, Status: status,
		Summary: fmt.Sprintf("Text to %s, %d characters", plural(len(out.to), "number"), utf8.RuneCountInString(out.message)),
	})
	s.changed()
	if answer != nil && s.CurrentFaults().DropSMSResponse {
		return hangUp(c)
	}
	if answer != nil {
		return c.Status(status).JSON(answer)
	}
	// Every answer that is not SMSMessageData is plain text.
	c.Set(fiber.HeaderContentType, "text/plain; charset=UTF-8")
	return c.Status(status).SendString(text)
}

// send decides the answer: either text or a body, with its HTTP status.
func (s *Sim) send(c *fiber.Ctx, to string, out outbound) (int, string, *smsAnswer, error) {
	if fault := s.CurrentFaults().SMSStatus; fault != 0 {
		return fault, http.StatusText(fault), nil, nil
	}
	if !same(c.Get("apiKey"), s.cfg.ATAPIKey) || !same(c.FormValue("username"), s.cfg.ATUsername) {
		c.Set(fiber.HeaderWWWAuthenticate, `Basic realm="api",charset=UTF-8`)
		return http.StatusUnauthorized, badCredentials, nil, nil
	}
	for _, f := range []field{{"to", to}, {"message", out.message}} {
		if f.value == "" {
			return http.StatusBadRequest, "Request is missing required form field '" + f.name + "'", nil, nil
		}
	}
	if out.from != "" && out.from != s.cfg.ShortCode && !senderPattern.MatchString(out.from) {
		// An unregistered sender is a 201 with nobody served.
		return http.StatusCreated, "", &smsAnswer{smsMessageData{"InvalidSenderId", []smsRecipient{}}}, nil
	}
	if answer := s.turnAway(out.to); answer != nil {
		return http.StatusCreated, "", answer, nil
	}
	answer, err := s.accept(c.UserContext(), out)
	return http.StatusCreated, "", answer, err
}

// turnAway is the answer of an account that cannot send, where a fault says so.
func (s *Sim) turnAway(to []string) *smsAnswer {
	faults := s.CurrentFaults()
	switch {
	case faults.SMSNobody:
		return &smsAnswer{smsMessageData{"Sent to 0/" + strconv.Itoa(len(to)), []smsRecipient{}}}
	case faults.SMSCode != 0:
		refused := make([]smsRecipient, len(to))
		for i, number := range to {
			refused[i] = smsRecipient{
				StatusCode: faults.SMSCode, Status: smsRefusals()[faults.SMSCode],
				Number: strings.TrimSpace(number), Cost: "0", MessageID: "None",
			}
		}
		return &smsAnswer{smsMessageData{fmt.Sprintf("Sent to 0/%d Total Cost: 0", len(to)), refused}}
	default:
		return nil
	}
}

// smsRefusals are the words beside the status codes of recipients.
func smsRefusals() map[int]string {
	return map[int]string{
		401: "RiskHold", 402: "InvalidSenderId", 403: "InvalidPhoneNumber", 404: "UnsupportedNumberType",
		405: "InsufficientBalance", 406: "UserInBlacklist", 407: "CouldNotRoute", 409: "DoNotDisturbRejection",
		500: "InternalServerError", 501: "GatewayError", 502: "RejectedByGateway",
	}
}

// accept stores the text in each phone and owes its delivery reports.
func (s *Sim) accept(ctx context.Context, out outbound) (*smsAnswer, error) {
	parts := smsParts(out.message)
	recipients := make([]smsRecipient, 0, len(out.to))
	served := 0
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		for _, raw := range out.to {
			r := smsRecipient{
				StatusCode: codeInvalidNumber, Status: "InvalidPhoneNumber",
				Number: strings.TrimSpace(raw), Cost: "0", MessageID: "None",
			}
			if e164Pattern.MatchString(r.Number) {
				r.StatusCode, r.Status, r.Cost, r.MessageID = codeSent, statusSuccess, smsCost(parts), s.newMessageID()
				if out.enqueue {
					r.StatusCode = codeQueued
				}
				served++
				if err := s.putInPhone(ctx, tx, r, out); err != nil {
					return err
				}
			}
			recipients = append(recipients, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &smsAnswer{smsMessageData{
		Message: fmt.Sprintf("Sent to %d/%d Total Cost: %s Message parts: %d",
			served, len(out.to), smsCost(parts*served), parts),
		Recipients: recipients,
	}}, nil
}

// putInPhone delivers a text. For a number that has no phone here, the text
// waits as with a handset that is switched off, until somebody adds that phone.
func (s *Sim) putInPhone(ctx context.Context, tx *sqlx.Tx, r smsRecipient, out outbound) error {
	sender := out.from
	if sender == "" {
		sender = s.cfg.ShortCode
	}
	if err := s.enqueueReport(ctx, tx, r, statusSent); err != nil {
		return err
	}
	return s.deliverText(ctx, tx, message{
		ID: r.MessageID, Number: r.Number, Sender: sender, Body: out.message,
	}, true)
}

// enqueueReport owes a delivery report; Sent goes out first, all others after.
func (s *Sim) enqueueReport(ctx context.Context, tx *sqlx.Tx, r smsRecipient, status string) error {
	delay := s.cfg.CallbackDelay
	if status != statusSent {
		delay *= 2
	}
	return s.enqueue(ctx, tx, callback{
		Kind: kindDLR, Who: mask(r.Number), URL: s.gatewayURL("/dlr"), Ref: r.MessageID,
		Summary: status,
		Body: encodeForm(field{"id", r.MessageID}, field{"status", status},
			field{"phoneNumber", r.Number}, field{"networkCode", sandboxNetwork}),
	}, delay)
}

// gatewayURL is the address of one of the gateway's hooks for Africa's Talking.
func (s *Sim) gatewayURL(hook string) string {
	return strings.TrimSuffix(s.cfg.GatewayURL, "/") + "/at/" + s.cfg.ATSecret + hook
}

// smsCost renders ten-thousandths of a shilling times parts.
func smsCost(parts int) string {
	const scale = 10_000
	cost := parts * costPerPart
	return fmt.Sprintf("KES %d.%04d", cost/scale, cost%scale)
}

// smsParts counts how many texts a message takes.
func smsParts(text string) int {
	single, series, size := gsmSingle, gsmSeries, 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("^{}\\[~]|€", r):
			size += 2
		case isGSM(r):
			size++
		default:
			single, series = ucsSingle, ucsSeries
		}
	}
	if single == ucsSingle {
		size = len(utf16.Encode([]rune(text)))
	}
	if size <= single {
		return 1
	}
	return (size + series - 1) / series
}

// isGSM reports a character of the GSM default alphabet.
func isGSM(r rune) bool {
	if r >= ' ' && r <= '~' {
		return r != '`'
	}
	return strings.ContainsRune("\n\r£¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", r)
}

// same compares in constant time, as a provider would.
func same(got, want string) bool {
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
