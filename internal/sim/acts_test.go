package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// outcome is what a person hears.
type outcome string

const (
	answered   outcome = "done"
	unanswered outcome = "no answer" // it may have happened or not
	refused    outcome = "refused"
)

func isInjected(err error) bool { return errors.Is(err, errInjected) }

// call is one request to the gateway by USSD.
func (c *crowd) call(do func(context.Context) (escrow.Result, error)) (escrow.Result, outcome) {
	w := c.w
	if w.gate == nil {
		return escrow.Result{}, unanswered
	}
	var result escrow.Result
	var err error
	if !w.alive(func() { result, err = do(w.ctx) }) {
		return escrow.Result{}, unanswered
	}
	w.refresh()
	switch {
	case err == nil:
		return result, answered
	case escrow.RefusalOf(err) != nil:
		return result, refused + outcome(": "+string(escrow.RefusalOf(err).Code))
	case isInjected(err):
		return result, unanswered
	default:
		w.failf("a request failed for no fault of ours: %v", err)
		return result, unanswered
	}
}

// act does one thing about a deal.
func (c *crowd) act(d *deal, p *person, role escrow.Role, act escrow.Act) {
	cmd := escrow.Command{Request: escrow.Request{Key: c.key(), From: p.phone, Channel: escrow.ChannelUSSD}, Ref: d.ref}
	if act == escrow.ActDispute {
		cmd.Words = "rotten"
	}
	switch act {
	case escrow.ActAccept:
		cmd.Code = c.typed(p, d.code)
	case escrow.ActAgreeCancel, escrow.ActCancel:
		cmd.Code = c.typed(p, d.cancelCode)
	default:
	}
	if c.dice.chance(0.03) {
		c.intrude(d, cmd, act)
	}
	if !d.delivered {
		d.handed = c.w.uptime()
	}
	d.delivered = d.delivered || act == escrow.ActDeliver && role == escrow.Seller
	d.accepted = d.accepted || act == escrow.ActAccept && role == escrow.Buyer
	if act == escrow.ActPay && role == escrow.Buyer && c.dice.chance(0.3) {
		c.payByBill(d, p)
		return
	}
	if p.sms {
		c.write(d, p, act, cmd)
		return
	}
	c.dial(d, p, act, cmd, 0)
}

// typed is a code as somebody types it.
func (c *crowd) typed(p *person, code string) string {
	if c.dice.chance(p.typos) {
		return fmt.Sprintf("%04d", c.dice.IntN(10_000))
	}
	return code
}

// dial acts by USSD. A request without an answer is often made again, under the
// same key, as is one that was answered.
func (c *crowd) dial(d *deal, p *person, act escrow.Act, cmd escrow.Command, tries int) {
	_, heard := c.call(func(ctx context.Context) (escrow.Result, error) {
		return c.useCase(act)(ctx, cmd)
	})
	c.w.notef("%s, deal %d, %s: %s", p, d.n, act, heard)
	if heard == answered {
		d.idle = 0
		d.done = append(d.done, cmd.Key)
	}
	if (heard == unanswered && c.dice.chance(0.6) || c.dice.chance(p.repeat)) && tries < 3 {
		c.w.in(c.dice.between(time.Second, 5*time.Minute), func() { c.dial(d, p, act, cmd, tries+1) })
	}
}

func (c *crowd) useCase(act escrow.Act) func(context.Context, escrow.Command) (escrow.Result, error) {
	s := c.w.gate.service
	switch act {
	case escrow.ActAgree:
		return s.Agree
	case escrow.ActDecline:
		return s.Decline
	case escrow.ActCancel:
		return s.Cancel
	case escrow.ActPay:
		return s.Pay
	case escrow.ActDeliver:
		return s.ConfirmDelivery
	case escrow.ActAccept:
		return s.AcceptGoods
	case escrow.ActDispute:
		return s.Dispute
	case escrow.ActAgreeCancel:
		return s.AgreeCancel
	case escrow.ActRefuseCancel:
		return s.RefuseCancel
	case escrow.ActKeepOn:
		return s.KeepOn
	case escrow.ActWithdraw:
		return s.Withdraw
	default:
		c.w.failf("nobody knows how to %s", act)
		return nil
	}
}

// write acts by SMS.
func (c *crowd) write(d *deal, p *person, act escrow.Act, cmd escrow.Command) {
	verb := map[escrow.Act]string{
		escrow.ActAgree: "YES", escrow.ActDecline: "NO", escrow.ActCancel: "CANCEL", escrow.ActPay: "PAY",
		escrow.ActDeliver: "CONFIRM", escrow.ActAccept: "ACCEPT", escrow.ActDispute: "DISPUTE",
		escrow.ActAgreeCancel: "CANCEL", escrow.ActRefuseCancel: "NO", escrow.ActKeepOn: "WITHDRAW", escrow.ActWithdraw: "WITHDRAW",
	}[act]
	d.idle = 0
	c.w.notef("%s, deal %d, writes %s", p, d.n, verb)
	c.w.post.write(p.phone, strings.Join(strings.Fields(verb+" "+string(d.ref)+" "+cmd.Code+" "+cmd.Words), " "))
}

// intrude lets somebody who is no party try the same. They learn nothing.
func (c *crowd) intrude(d *deal, cmd escrow.Command, act escrow.Act) {
	cmd.From, cmd.Key = "+254733000999", c.key()
	_, heard := c.call(func(ctx context.Context) (escrow.Result, error) { return c.useCase(act)(ctx, cmd) })
	c.w.notef("a stranger, deal %d, %s: %s", d.n, act, heard)
	if heard != unanswered && heard != refused+": "+outcome(escrow.UnknownContract) {
		c.w.failf("a stranger was answered about deal %d: %s", d.n, heard)
	}
}
