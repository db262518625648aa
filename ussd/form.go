package ussd

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
)

// hop is one interactive callback. Its strings are our own: fiber reuses the
// memory of a request.
type hop struct {
	session string
	phone   escrow.Phone // empty where the number is not a Kenyan mobile number
	text    string       // everything typed in the session so far
	network string       // its code, empty where the form had none
	label   string       // the name that our last reply gave its screen, where it came back
}

// sessionLike is several times as long as what Africa's Talking sends ("ATUid_"
// and 32 hexadecimal digits).
var sessionLike = regexp.MustCompile(`^[[:graph:]]{1,128}$`)

// readForm reads a form body, refusing what cannot be one request of Africa's
// Talking: other media types, broken encoding and fields that come twice.
func readForm(c *fiber.Ctx) (url.Values, *fiber.Error) {
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || media != fiber.MIMEApplicationForm {
		return nil, fiber.NewError(fiber.StatusUnsupportedMediaType, "want "+fiber.MIMEApplicationForm)
	}
	form, err := url.ParseQuery(string(c.BodyRaw()))
	if err != nil {
		return nil, fiber.NewError(fiber.StatusBadRequest, "broken form")
	}
	for name, values := range form {
		if len(values) != 1 {
			return nil, fiber.NewError(fiber.StatusBadRequest, fmt.Sprintf("field %.20q comes twice", name))
		}
	}
	id := form.Get("sessionId")
	if !sessionLike.MatchString(id) {
		return nil, fiber.NewError(fiber.StatusBadRequest, "sessionId is missing, too long or no id")
	}
	return form, nil
}

// readHop reads the fields of an interactive callback. networkCode and text
// may be missing.
func (h *Handler) readHop(ctx context.Context, form url.Values) (hop, *fiber.Error) {
	number := form.Get("phoneNumber")
	if number == "" {
		return hop{}, fiber.NewError(fiber.StatusBadRequest, "phoneNumber is missing")
	}
	if strings.HasPrefix(number, " ") {
		// An unencoded "+" decodes to a space; only hand-made requests have it.
		h.Log.WarnContext(ctx, "phone number with an unencoded plus sign", "session", form.Get("sessionId"))
		number = "+" + strings.TrimLeft(number, " ")
	}
	if code := form.Get("serviceCode"); code != "" && code != h.ServiceCode {
		h.Log.WarnContext(ctx, "another service code than ours", "session", form.Get("sessionId"), "service_code", code)
	}
	phone, err := escrow.ParsePhone(number)
	if err != nil {
		phone = ""
	}
	return hop{
		session: form.Get("sessionId"), phone: phone, network: form.Get("networkCode"),
		text: strings.ToValidUTF8(form.Get("text"), "?"),
	}, nil
}

// refuse tells the sender of a broken request what is wrong with it.
func refuse(c *fiber.Ctx, problem *fiber.Error) error {
	return c.Status(problem.Code).SendString(problem.Message)
}
