package ussd

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// KindEvent is the kind under which a [Keeper] is given end-of-session events.
// Their body is a form with Africa's Talking's own field names.
const KindEvent = "ussd_event"

// eventFields are the fields that are kept of an event. The transcript and the
// last screen are not among them: codes are typed and names are shown there.
func eventFields() []string {
	return []string{
		"date", "sessionId", "serviceCode", "networkCode", "phoneNumber", "status", "cost",
		"durationInMillis", "hopsCount", "hopsMetadata", "errorMessage",
	}
}

// event keeps how a session ended. Nothing follows from it: delivery of events
// is unreliable, and they say nothing about what was done.
func (h *Handler) event(c *fiber.Ctx, keeper Keeper) error {
	form, problem := readForm(c)
	if problem != nil {
		return refuse(c, problem)
	}
	kept := url.Values{}
	for _, name := range eventFields() {
		if form.Has(name) {
			kept.Set(name, form.Get(name))
		}
	}
	// An event that comes again with another date contradicts nothing.
	body := kept.Encode()
	key := form.Get("sessionId") + ":" + form.Get("status") + ":" + h.hash(body)
	if err := keeper.Keep(c.UserContext(), KindEvent, key, []byte(body)); err != nil {
		h.Log.ErrorContext(c.UserContext(), "keep ussd event", "session", form.Get("sessionId"), "error", err)
		return c.SendStatus(fiber.StatusInternalServerError)
	}
	return c.SendStatus(fiber.StatusOK)
}
