package ussd

import (
	"context"
	"fmt"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// readSecret reads a code or a PIN.
func (c *call) readSecret(kind menus.Kind, data map[string]string, typed string) (value, wrong string) {
	switch {
	case kind == menus.KindCode:
		return typed, complaint(!codeLike.MatchString(typed), "wrong.code")
	case !codeLike.MatchString(typed):
		return "", "wrong.pin"
	case kind == menus.KindNewPIN:
		return typed, complaint(escrow.PIN(typed).Weak(c.hop.phone), "wrong.new_pin")
	case kind == menus.KindPINAgain:
		return typed, complaint(typed != c.secret(data, menus.NamePIN), "wrong.pin_again")
	default:
		return typed, ""
	}
}

// prove gives a command the proof that was typed for it: the PIN, or the code of
// our SMS.
func (c *call) prove(cmd *escrow.Command, step menus.Step) {
	if node := c.menu.Node(c.sess.Menu.Node); node.Input != nil && node.Input.Kind == menus.KindPIN {
		cmd.PIN = escrow.PIN(step.Secret)
		return
	}
	cmd.Code = step.Secret
}

// party brings what the caller can do about their PIN.
func (c *call) party(ctx context.Context) error {
	home, err := c.Service.Home(ctx, c.hop.phone)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	open := "pin_none"
	if home.Party.PIN.Set() {
		open = "pin_set"
		c.sess.Menu.Open = append(c.sess.Menu.Open, "pin_forget")
	}
	if wait, asked := home.Party.PIN.Resetting(c.Now()); asked && wait == 0 {
		c.sess.Menu.Open = []string{"pin_reset"} // in the place of forgetting it
	}
	c.sess.Menu.Open = append(c.sess.Menu.Open, open)
	return nil
}

// pin does what the caller asked for about their PIN, and ends the call.
func (c *call) pin(ctx context.Context, step menus.Step) error {
	data := step.State.Data
	cmd := escrow.PINCommand{Request: c.request()}
	use := c.Service.ForgotPIN
	if step.Act == menus.ActPIN {
		cmd.PIN = escrow.PIN(step.Secret)
		cmd.Old, cmd.Code = escrow.PIN(c.secret(data, menus.NameOld)), c.secret(data, menus.NameCode)
		use = map[string]func(context.Context, escrow.PINCommand) (escrow.PINStatus, error){
			"set": c.Service.SetPIN, "change": c.Service.ChangePIN, "reset": c.Service.ResetPIN,
		}[data[menus.NameMode]]
	}
	if use == nil {
		return c.startOver(ctx) // nobody said which
	}
	status, err := use(ctx, cmd)
	refusal := escrow.RefusalOf(err)
	switch {
	case refusal == nil && err != nil:
		return fmt.Errorf("%s: %w", step.Act, err)
	case refusal != nil:
		c.refused(refusal, view{})
		return nil
	}
	c.sess.Menu = step.State
	c.shown = shown{view: view{Help: c.HelpPhone}, did: step.State.Node}
	if wait, asked := status.Resetting(c.Now()); asked && wait > 0 {
		c.shown.view.Until = c.day(c.Now().Add(wait))
	} else if !status.Trusted(c.Now()) {
		c.shown.view.Until = c.day(status.TrustedAt)
	}
	return nil
}

// codesAnHour is how often a code is sent again.
const codesAnHour = 3

// sendCode sends the code that the screen asks for once more, to the phone of the
// side that may use it.
func (c *call) sendCode(ctx context.Context, step menus.Step) error {
	seen, err := c.Service.View(ctx, c.hop.phone, escrow.Ref(step.State.Data[menus.NameRef]))
	if refusal := escrow.RefusalOf(err); refusal != nil {
		c.refused(refusal, view{})
		return nil
	}
	if err != nil {
		return fmt.Errorf("code again: %w", err)
	}
	template := escrow.MsgDeliveredBuyer
	if c.sess.Menu.Node == "cancel_code" {
		template = escrow.MsgCancelAsked
	}
	if _, err := c.Service.Say(ctx, escrow.Answer{
		Key: c.request().Key, To: c.hop.phone, Template: template,
		Params: escrow.ParamsFor(seen.Contract, seen.Role), Most: codesAnHour,
	}); err != nil {
		return fmt.Errorf("code again: %w", err)
	}
	c.sess.Menu = step.State
	c.shown = shown{view: c.viewOf(seen), did: step.State.Node}
	return nil
}
