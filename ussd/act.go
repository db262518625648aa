package ussd

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// act does what the caller asked for, and shows how it ended.
func (c *call) act(ctx context.Context, step menus.Step) error {
	switch step.Act {
	case menus.ActLanguage:
		return c.choose(ctx, step)
	case menus.ActResume:
		return c.resume(ctx)
	case menus.ActStartOver:
		return c.startOver(ctx)
	case menus.ActPIN, menus.ActForgotPIN:
		return c.pin(ctx, step)
	case menus.ActSendCode:
		return c.sendCode(ctx, step)
	default:
		return c.contractAct(ctx, step)
	}
}

// contractAct does what is about a contract.
func (c *call) contractAct(ctx context.Context, step menus.Step) error {
	result, err := c.perform(ctx, step)
	refusal := escrow.RefusalOf(err)
	switch {
	case refusal == nil && err != nil:
		return err
	case refusal == nil:
		c.sess.Menu = step.State
		c.shown = shown{view: c.viewOf(escrow.View{Contract: result.Contract, Role: result.Role}), did: step.State.Node}
		return nil
	case refusal.Code == escrow.BadCode || refusal.Code == escrow.BadPIN:
		return c.miss(ctx, "wrong."+string(refusal.Code), map[string]int{"Left": refusal.Left})
	default:
		return c.refusedAs(ctx, refusal)
	}
}

// choose keeps the caller's language and goes on in it.
func (c *call) choose(ctx context.Context, step menus.Step) error {
	language := step.State.Data[menus.NameLanguage]
	if err := c.Service.SetLanguage(ctx, c.hop.phone, escrow.Language(language)); err != nil {
		return fmt.Errorf("keep language: %w", err)
	}
	c.speak(language)
	c.sess.Menu = step.State
	return c.arrive(ctx, "")
}

type useCase = func(context.Context, escrow.Command) (escrow.Result, error)

// useCases are what the acts on a contract do.
func (c *call) useCases() map[menus.Act]useCase {
	return map[menus.Act]useCase{
		menus.ActAgree:        c.Service.Agree,
		menus.ActDecline:      c.Service.Decline,
		menus.ActCancel:       c.Service.Cancel,
		menus.ActPay:          c.Service.Pay,
		menus.ActDeliver:      c.Service.ConfirmDelivery,
		menus.ActAccept:       c.Service.AcceptGoods,
		menus.ActDispute:      c.Service.Dispute,
		menus.ActAgreeCancel:  c.Service.AgreeCancel,
		menus.ActKeepOn:       c.Service.KeepOn,
		menus.ActWithdraw:     c.Service.Withdraw,
		menus.ActAddWord:      c.Service.AddWord,
		menus.ActRefuseCancel: c.Service.RefuseCancel,
		menus.ActRemind:       c.Service.Remind,
	}
}

// perform calls the use case of an act.
func (c *call) perform(ctx context.Context, step menus.Step) (escrow.Result, error) {
	data := step.State.Data
	cmd := escrow.Command{Request: c.request(), Ref: escrow.Ref(data[menus.NameRef])}
	if step.Act == menus.ActPropose {
		return c.propose(ctx, data)
	}
	use := c.useCases()[step.Act]
	if use == nil {
		return escrow.Result{}, fmt.Errorf("act %q is not about a contract", step.Act)
	}
	c.prove(&cmd, step)
	// A reason that was chosen goes on as its key: each reader of it has a
	// language of their own.
	cmd.Words = data[menus.NameReason]
	result, err := use(ctx, cmd)
	if err != nil {
		return result, fmt.Errorf("%s %s: %w", step.Act, cmd.Ref, err)
	}
	return result, nil
}

func (c *call) propose(ctx context.Context, data map[string]string) (escrow.Result, error) {
	amount, err := escrow.ParseShillings(data[menus.NameAmount])
	if err != nil {
		return escrow.Result{}, fmt.Errorf("amount of the draft: %w", err)
	}
	day, err := time.ParseInLocation(time.DateOnly, data[menus.NameDate], escrow.EAT)
	if err != nil {
		return escrow.Result{}, fmt.Errorf("date of the draft: %w", err)
	}
	result, err := c.Service.Propose(ctx, escrow.Proposal{
		Request: c.proposal(data), Role: escrow.Role(data[menus.NameRole]), Other: escrow.Phone(data[menus.NamePhone]),
		Item: data[menus.NameItem], Place: data[menus.NamePlace], Quality: data[menus.NameQuality],
		Amount: amount, DeliverBy: day,
	})
	if err != nil {
		return result, fmt.Errorf("propose: %w", err)
	}
	return result, nil
}

// proposal is the request of a new contract. Its key is made of the terms and of
// the call in which they were begun: whoever was cut off while they were sent, and
// sends them again in the next call, gets the contract that there is.
func (c *call) proposal(data map[string]string) escrow.Request {
	request := c.request()
	request.Key = "ussd:propose:" + c.begun() + ":" + c.hash(
		data[menus.NameRole], data[menus.NamePhone], data[menus.NameItem], data[menus.NameAmount], data[menus.NameDate],
		data[menus.NamePlace], data[menus.NameQuality],
	)
	return request
}

// left writes how many tries are left; nothing where none, or nobody counts.
func left(tries int) string {
	if tries == 0 {
		return ""
	}
	return strconv.Itoa(tries)
}

// refusedAs ends the session with a refusal and how the contract stands. A
// refusal does not know the payment, so it is looked up: a refused caller must
// not read that money which is here was not paid.
func (c *call) refusedAs(ctx context.Context, refusal *escrow.Refusal) error {
	if refusal.Contract == nil {
		c.refused(refusal, view{})
		return nil
	}
	seen, err := c.Service.View(ctx, c.hop.phone, refusal.Contract.Ref)
	if err != nil {
		return fmt.Errorf("refused contract: %w", err)
	}
	c.refused(refusal, c.viewOf(seen))
	return nil
}

// refused ends the session with one sentence above v. It ends it because a
// refusal is the whole answer, and so that a transcript that goes on after an
// act tells that the act was not done.
func (c *call) refused(refusal *escrow.Refusal, v view) {
	wait := (refusal.Wait + time.Second - 1) / time.Second // rounded up: who comes back then is not too soon
	key, on := "refuse."+string(refusal.Code), ""
	if done := refusal.Done; done.What != "" {
		on = c.day(done.At)
		if refusal.Code == escrow.Already {
			key = "done." + done.What
		}
	}
	v.Sentence = c.text(key, map[string]string{
		"Help": c.HelpPhone, "Wait": strconv.FormatInt(int64(wait), 10), "Left": left(refusal.Left), "On": on,
	})
	c.shown = shown{view: v, end: "refused"}
}
