package handset

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/transcript"
)

const (
	// pollEvery is how often a phone looks whether something has come.
	pollEvery = 100 * time.Millisecond
	// mpesa is who M-Pesa's own texts are from.
	mpesa = "MPESA"
)

// Phone is one of the desk's phones.
type Phone struct {
	desk   *Desk
	number string
	view   simulator.PhoneView
	state  simulator.State
	read   map[string]bool // texts that were looked at
	old    map[string]bool // references that were there before the phone was picked
	fresh  []string        // those that came since
	last   string          // what was sent last: hop or text
	// Patience is how long the phone waits for a text or a prompt that a
	// transcript says is coming.
	Patience time.Duration
}

// Pick finds a phone of the desk by any spelling of its number. All texts in it
// count as read.
func (d *Desk) Pick(ctx context.Context, number string) (*Phone, error) {
	st, err := d.State(ctx)
	if err != nil {
		return nil, err
	}
	const patience = 20 * time.Second
	for _, view := range st.Phones {
		if !sameNumber(view.Number, number) {
			continue
		}
		p := &Phone{desk: d, number: view.Number, read: map[string]bool{}, old: map[string]bool{}, Patience: patience}
		for _, c := range st.Contracts {
			p.old[c.Ref] = true
		}
		for _, m := range view.Inbox {
			p.read[m.ID] = true
		}
		p.take(st)
		return p, nil
	}
	return nil, &UnknownPhoneError{Number: number, Here: st.Phones}
}

// UnknownPhoneError says which phones there are.
type UnknownPhoneError struct {
	Number string
	Here   []simulator.PhoneView
}

// Error implements error.
func (e *UnknownPhoneError) Error() string {
	here := make([]string, 0, len(e.Here))
	for _, view := range e.Here {
		here = append(here, view.Number+" "+view.Name)
	}
	return fmt.Sprintf("there is no phone %s here. Add it with --name \"Owner's name\", or take one of: %s",
		e.Number, strings.Join(here, ", "))
}

// sameNumber compares the subscriber, the last nine digits.
func sameNumber(a, b string) bool {
	const subscriber = 9
	a, b = onlyDigits(a), onlyDigits(b)
	return len(a) >= subscriber && len(b) >= subscriber && a[len(a)-subscriber:] == b[len(b)-subscriber:]
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// take keeps what a state says of the phone.
func (p *Phone) take(st simulator.State) {
	p.state = st
	for _, view := range st.Phones {
		if view.Number == p.number {
			p.view = view
		}
	}
	for _, c := range st.Contracts {
		if !p.old[c.Ref] && !slices.Contains(p.fresh, c.Ref) {
			p.fresh = append(p.fresh, c.Ref)
		}
	}
}

// mask hides what differs from run to run: of references only those that came
// since, or a thousand old ones would hide amounts and dates.
// Names go too: not every gateway knows them.
func (p *Phone) mask() transcript.Mask {
	names := map[string]string{}
	for _, view := range p.state.Phones {
		names[shortName(view.Name)] = maskedNumber(view.Number)
	}
	return transcript.Mask{Refs: p.fresh, Day: true, Names: names}
}

// act does something and keeps the state after it.
func (p *Phone) act(ctx context.Context, act string, body any) error {
	st, err := p.desk.act(ctx, p.number, act, body)
	if err != nil {
		return err
	}
	p.take(st)
	return nil
}

// look asks how the phone is now.
func (p *Phone) look(ctx context.Context) error {
	st, err := p.desk.State(ctx)
	if err != nil {
		return err
	}
	p.take(st)
	return nil
}

// Owner is the name of the phone's owner.
func (p *Phone) Owner() string { return p.view.Name }

// Speak tells the gateway which language the owner reads, unless it knows.
func (p *Phone) Speak(ctx context.Context, language string) error {
	if language == "" || language == p.view.Language {
		return nil
	}
	return p.act(ctx, "language", map[string]string{"language": language})
}

// Do does one step of a transcript and returns what the phone then shows, as the
// transcript has it.
func (p *Phone) Do(ctx context.Context, step transcript.Step) (string, error) {
	what, err := p.filled(ctx, step.What)
	if err != nil {
		return "", err
	}
	step.What = what
	if digits, dials := step.Dialled(); dials {
		return p.dial(ctx, p.code(digits))
	}
	if name, rest, is := step.Command(); is {
		c, known := commandNamed(name)
		if !known {
			return "", fmt.Errorf("there is no command :%s; :help lists them", name)
		}
		return c.run(ctx, p, call{rest: rest, want: step.Seen})
	}
	p.last = "hop"
	if err := p.act(ctx, "answer", map[string]string{"text": step.What}); err != nil {
		return "", err
	}
	return p.screen(), nil
}

// code is the service code with digits dialled behind it.
func (p *Phone) code(digits string) string {
	if digits == "" {
		return p.state.ServiceCode
	}
	return strings.TrimSuffix(p.state.ServiceCode, "#") + "*" + digits + "#"
}

func (p *Phone) dial(ctx context.Context, code string) (string, error) {
	p.last = "hop"
	if err := p.act(ctx, "dial", map[string]string{"code": code}); err != nil {
		return "", err
	}
	return p.screen(), nil
}

// screen is the call's screen as transcripts have it: CON and END are the
// gateway's, NET is the network's own word.
func (p *Phone) screen() string {
	ussd := p.view.USSD
	switch {
	case ussd.Lost:
		return "NET " + ussd.Screen
	case ussd.Ended:
		return "END " + ussd.Screen
	case ussd.Open:
		return "CON " + ussd.Screen
	default:
		return ""
	}
}

// filled puts the newest contract's reference and the release code of the
// phone's texts in the place of their names.
func (p *Phone) filled(ctx context.Context, text string) (string, error) {
	if !strings.Contains(text, "{ref}") && !strings.Contains(text, "{code}") {
		return text, nil
	}
	if err := p.look(ctx); err != nil {
		return "", err
	}
	if p.state.Watched {
		if err := p.await(ctx, "a contract", func() bool { return len(p.state.Contracts) > 0 }); err != nil {
			return "", err
		}
	}
	if len(p.state.Contracts) == 0 {
		return "", errors.New("{ref} and {code} need a contract, and a simulator that sees the gateway's contracts")
	}
	if strings.Contains(text, "{code}") {
		code := p.releaseCode()
		if code == "" {
			return "", errors.New("no text on this phone has a release code")
		}
		text = strings.ReplaceAll(text, "{code}", code)
	}
	return strings.ReplaceAll(text, "{ref}", p.state.Contracts[0].Ref), nil
}

// releaseCode stands behind the reference in the newest text that has one.
func (p *Phone) releaseCode() string {
	code := ""
	for _, m := range p.view.Inbox {
		for _, c := range p.state.Contracts {
			found := regexp.MustCompile(`\b` + regexp.QuoteMeta(c.Ref) + ` (\d{4})\b`).FindStringSubmatch(m.Text)
			if !m.Out && found != nil {
				code = found[1]
			}
		}
	}
	return code
}

// await looks at the phone until found says yes or patience ends.
func (p *Phone) await(ctx context.Context, what string, found func() bool) error {
	deadline := time.Now().Add(p.Patience)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !found() {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s did not come within %s", what, p.Patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller's own
		case <-tick.C:
		}
		if err := p.look(ctx); err != nil {
			return err
		}
	}
	return nil
}
