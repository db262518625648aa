package handset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/internal/simulator"
)

// call is a command with what it was given.
type call struct {
	rest string
	want string // what the transcript expects to see, "" when nothing is known
}

// command is something to do with a phone beside dialling and answering.
type command struct {
	name, usage, help string
	done              string // said where nothing is shown
	run               func(context.Context, *Phone, call) (string, error)
}

// commands are all of them, in the order of the help text.
func commands() []command {
	return []command{
		{"sms", "TEXT", "text the service", "Sent.", sendText},
		{"read", "[MPESA]", "read the next text, from the service or from M-Pesa", "", readText},
		{"prompt", "", "look at M-Pesa's question for the PIN", "", readPrompt},
		{"pin", "1234", "answer M-Pesa's question", "Answered; M-Pesa says the rest by SMS.", enterPIN},
		{"cancel", "", "refuse M-Pesa's question", "Refused.", cancelPrompt},
		{
			"paybill", "ACCOUNT AMOUNT PIN",
			"pay to the service's PayBill number from M-Pesa's own menu", "Done; M-Pesa says the rest by SMS.", payBill,
		},
		{"balance", "", "see the M-Pesa balance", "", balance},
		{"dial", "CODE", "dial any code", "", dialCode},
		{"hangup", "", "the red key", "", hangUp},
		{
			"drop", "[next]",
			"drop the call, now or between the next answer and its screen",
			"The next answer is heard, and the call drops before its screen.", dropCall,
		},
		{"dup", "", "send the last answer or text once more", "Sent once more.", duplicate},
		{"late", "SECONDS", "texts and M-Pesa's word about this phone come late; 0 ends it", "Set.", late},
		{"twice", "on|off", "they come twice", "Set.", twice},
		{"slow", "SECONDS", "each answer takes so long; 0 ends it", "Set.", slow},
		{"off", "", "turn the phone off: texts wait, M-Pesa cannot ask", "The phone is off. :on turns it on.", power(true)},
		{"on", "", "turn it on", "The phone is on.", power(false)},
		{"language", "en|sw", "say which language the owner reads", "The gateway is told by SMS.", setLanguage},
	}
}

func commandNamed(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func sendText(ctx context.Context, p *Phone, c call) (string, error) {
	if c.rest == "" {
		return "", errors.New("text what? E.g. :sms STATUS")
	}
	p.last = "text"
	return "", p.act(ctx, "sms", map[string]string{"text": c.rest})
}

// readText waits for an unread text. When it is known what comes, a text that
// says it is preferred to one that came before it: texts may overtake one another.
func readText(ctx context.Context, p *Phone, c call) (string, error) {
	fromMpesa := strings.EqualFold(c.rest, mpesa) || strings.EqualFold(c.rest, "M-PESA")
	var next *simulator.MessageView
	fits := func(m simulator.MessageView) bool {
		return !m.Out && !p.read[m.ID] && (m.From == mpesa) == fromMpesa
	}
	wanted := func() bool {
		next = nil
		for _, m := range p.view.Inbox {
			if !fits(m) {
				continue
			}
			if c.want == "" || p.mask().Hide(letter(m)) == p.mask().Hide(c.want) {
				next = &m
				return true
			}
		}
		return false
	}
	err := p.await(ctx, "the text", wanted)
	if err != nil {
		for _, m := range p.view.Inbox {
			if fits(m) {
				next = &m
				break
			}
		}
		if next == nil || ctx.Err() != nil {
			return "", err
		}
	}
	p.read[next.ID] = true
	return letter(*next), nil
}

// letter is a text as transcripts have it.
func letter(m simulator.MessageView) string { return "SMS " + m.From + " " + m.Text }

func readPrompt(ctx context.Context, p *Phone, _ call) (string, error) {
	if err := p.await(ctx, "M-Pesa's question", func() bool { return p.view.Prompt != nil }); err != nil {
		return "", err
	}
	return "PIN " + question(*p.view.Prompt), nil
}

func question(prompt simulator.PromptView) string {
	return fmt.Sprintf("Pay %s to %s, account %s? Enter M-PESA PIN", money(prompt.AmountCents), prompt.Payee, prompt.Account)
}

func enterPIN(ctx context.Context, p *Phone, c call) (string, error) {
	if c.rest == "" {
		return "", errors.New("which PIN? E.g. :pin 1234")
	}
	if err := p.await(ctx, "M-Pesa's question", func() bool { return p.view.Prompt != nil }); err != nil {
		return "", err
	}
	return "", p.act(ctx, "prompt", map[string]string{"pin": c.rest})
}

func cancelPrompt(ctx context.Context, p *Phone, _ call) (string, error) {
	if err := p.await(ctx, "M-Pesa's question", func() bool { return p.view.Prompt != nil }); err != nil {
		return "", err
	}
	return "", p.act(ctx, "prompt", map[string]bool{"cancel": true})
}

func payBill(ctx context.Context, p *Phone, c call) (string, error) {
	words := strings.Fields(c.rest)
	const account, amount, pin, all = 0, 1, 2, 3
	if len(words) != all {
		return "", errors.New("like this: :paybill ACCOUNT AMOUNT PIN, e.g. :paybill 12345 3500 1234")
	}
	return "", p.act(ctx, "paybill", map[string]string{
		"business": p.state.PayBill, "account": words[account], "amount": words[amount], "pin": words[pin],
	})
}

func balance(ctx context.Context, p *Phone, _ call) (string, error) {
	if err := p.look(ctx); err != nil {
		return "", err
	}
	return "M-PESA " + money(p.view.WalletCents), nil
}

func dialCode(ctx context.Context, p *Phone, c call) (string, error) {
	if c.rest == "" {
		return "", fmt.Errorf("dial what? E.g. :dial %s", p.state.ServiceCode)
	}
	return p.dial(ctx, c.rest)
}

func hangUp(ctx context.Context, p *Phone, _ call) (string, error) {
	return "", p.act(ctx, "hangup", struct{}{})
}

func dropCall(ctx context.Context, p *Phone, c call) (string, error) {
	if c.rest == "next" {
		return "", p.act(ctx, "network", map[string]bool{"loseAnswer": true})
	}
	if err := p.act(ctx, "drop", struct{}{}); err != nil {
		return "", err
	}
	return p.screen(), nil
}

// duplicate shows the screen again after a hop: the gateway must not have moved.
func duplicate(ctx context.Context, p *Phone, _ call) (string, error) {
	if p.last == "" {
		return "", errors.New("nothing was sent yet: dial or text first")
	}
	if err := p.act(ctx, "repeat", map[string]string{"what": p.last}); err != nil || p.last == "text" {
		return "", err
	}
	return p.screen(), nil
}

func late(ctx context.Context, p *Phone, c call) (string, error) {
	return turnSeconds(ctx, p, c, "late", "lateSeconds")
}

func slow(ctx context.Context, p *Phone, c call) (string, error) {
	return turnSeconds(ctx, p, c, "slow", "slowSeconds")
}

func turnSeconds(ctx context.Context, p *Phone, c call, name, knob string) (string, error) {
	seconds, err := strconv.Atoi(c.rest)
	if err != nil {
		return "", fmt.Errorf("how many seconds? E.g. :%s 5", name)
	}
	p.Patience += time.Duration(max(0, seconds)) * time.Second
	return "", p.act(ctx, "network", map[string]int{knob: seconds})
}

func twice(ctx context.Context, p *Phone, c call) (string, error) {
	if c.rest != "on" && c.rest != "off" {
		return "", errors.New("like this: :twice on, or :twice off")
	}
	return "", p.act(ctx, "network", map[string]bool{"twice": c.rest == "on"})
}

func power(off bool) func(context.Context, *Phone, call) (string, error) {
	return func(ctx context.Context, p *Phone, _ call) (string, error) {
		return "", p.act(ctx, "network", map[string]bool{"off": off})
	}
}

func setLanguage(ctx context.Context, p *Phone, c call) (string, error) {
	return "", p.act(ctx, "language", map[string]string{"language": c.rest})
}
