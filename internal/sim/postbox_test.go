package sim

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
)

// postbox is the SMS gateway and the phones behind it.
type postbox struct {
	w    *world
	dice dice
	sent int
}

// Send implements [escrow.Messenger].
func (p *postbox) Send(_ context.Context, m escrow.Message, code string) escrow.Dispatch {
	w := p.w
	w.faults.maybeDie(crashBeforeCall)
	if w.faults.hit(smsBusy) {
		return escrow.Dispatch{Outcome: escrow.NotSent, Reason: "busy", RetryAfter: 5 * time.Second}
	}
	p.sent++
	id := fmt.Sprintf("ATXid_out%d", p.sent)
	w.crowd.hear(m, code)
	p.report(id)
	w.faults.maybeDie(crashAfterCall)
	if w.faults.hit(smsUnsure) {
		return escrow.Dispatch{Outcome: escrow.Unknown, Reason: "no answer"}
	}
	return escrow.Dispatch{Outcome: escrow.Taken, ProviderID: id, Cost: "KES 0.8000"}
}

// report tells what became of a message.
func (p *postbox) report(id string) {
	w := p.w
	if w.faults.hit(reportLost) {
		return
	}
	status := "Success"
	if p.dice.chance(0.05) {
		status = "Failed"
	}
	form := url.Values{"id": {id}, "status": {status}, "phoneNumber": {"+254700000000"}, "networkCode": {"63902"}}
	w.in(p.dice.between(time.Second, 20*time.Second), func() { p.deliver("/at/dlr", form.Encode(), 0) })
}

// write sends an SMS to us.
func (p *postbox) write(from escrow.Phone, text string) {
	w := p.w
	p.sent++
	form := url.Values{
		"id": {fmt.Sprintf("ATXid_in%d", p.sent)}, "from": {string(from)}, "to": {shortCode},
		"text": {text}, "date": {w.clock.true.Format(time.DateTime)},
	}
	times := 1
	if w.faults.hit(smsTwice) {
		times = 2
	}
	for range times {
		w.in(p.dice.between(time.Second, 10*time.Second), func() { p.deliver("/at/sms", form.Encode(), 0) })
	}
}

// deliver posts to the gateway until it answers 200: Africa's Talking comes
// again every minute for twelve hours.
func (p *postbox) deliver(path, form string, tries int) {
	w := p.w
	status := w.receive(path, fiber.MIMEApplicationForm, []byte(form))
	w.notef("post %s: %d", path, status)
	const patience = 12 * 60
	if status == fiber.StatusOK || tries >= patience {
		return
	}
	pause := time.Minute
	if tries > 3 {
		pause = 20 * time.Minute // fewer tries tell the same story
	}
	w.in(pause, func() { p.deliver(path, form, tries+1) })
}
