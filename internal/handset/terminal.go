package handset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/voicepact/gateway/internal/transcript"
)

// Terminal is a phone that a person works line by line.
type Terminal struct {
	phone  *Phone
	in     io.Reader
	out    io.Writer
	record *Recorder
	shown  string // the prompt that is drawn already
}

// NewTerminal draws a phone on out; record may be nil.
func NewTerminal(phone *Phone, in io.Reader, out io.Writer, record *Recorder) *Terminal {
	return &Terminal{phone: phone, in: in, out: out, record: record}
}

// errQuit ends the loop.
var errQuit = errors.New("quit")

// Run takes lines until :quit, the end of the input or of ctx, and shows texts
// and prompts when they come.
func (t *Terminal) Run(ctx context.Context) error {
	t.greet()
	lines := make(chan string)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go t.listen(ctx, lines)
	tick := time.NewTicker(3 * pollEvery)
	defer tick.Stop()
	t.ask()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case line, open := <-lines:
			if !open {
				fmt.Fprintln(t.out)
				return nil
			}
			err = t.obey(ctx, strings.TrimSpace(line))
			if err == nil || !errors.Is(err, errQuit) {
				t.tell(err)
				t.ask()
				continue
			}
			return nil
		case <-tick.C:
			if err = t.phone.look(ctx); err == nil {
				err = t.arrivals()
			}
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (t *Terminal) listen(ctx context.Context, lines chan<- string) {
	defer close(lines)
	scanner := bufio.NewScanner(t.in)
	for scanner.Scan() {
		select {
		case lines <- scanner.Text():
		case <-ctx.Done():
			return
		}
	}
}

func (t *Terminal) greet() {
	p := t.phone
	fmt.Fprintf(t.out, "%s · %s · M-Pesa %s · PIN %s\n", p.view.Name, local(p.number), money(p.view.WalletCents), p.view.PIN)
	fmt.Fprintf(t.out, "NOT REAL MONEY. Enter dials %s, :help lists the rest, :quit ends.\n", p.state.ServiceCode)
	if p.view.USSD.Open {
		t.drawScreen()
	}
	if p.view.Network.Off {
		fmt.Fprintln(t.out, "The phone is off. :on turns it on.")
	}
}

// ask is the prompt line, which says what an answer would go to.
func (t *Terminal) ask() {
	line := "idle"
	switch {
	case t.phone.view.Network.Off:
		line = "off"
	case t.phone.view.Prompt != nil:
		line = "M-PESA PIN"
	case t.phone.view.USSD.Open:
		line = "answer"
	}
	fmt.Fprintf(t.out, "%s %s> ", key(t.phone.view.Name), line)
}

func (t *Terminal) tell(err error) {
	if err != nil {
		fmt.Fprintf(t.out, "! %s\n", err)
	}
}

// obey does what a line says.
func (t *Terminal) obey(ctx context.Context, line string) error {
	switch line {
	case ":help", "help", "?":
		t.help()
		return nil
	case ":quit", ":q", ":exit":
		return errQuit
	}
	what, err := t.meaning(line)
	if err != nil {
		return err
	}
	step := transcript.Step{Who: key(t.phone.view.Name), What: what}
	if _, _, is := step.Command(); !is {
		if seconds := t.phone.view.Network.SlowSeconds; seconds > 0 {
			fmt.Fprintf(t.out, "USSD code running … (a slow network: %d s)\n", seconds)
		}
	}
	seen, err := t.phone.Do(ctx, step)
	if err != nil {
		return err
	}
	if err := t.record.step(t.phone, what, seen); err != nil {
		return err
	}
	t.draw(seen)
	if name, _, is := step.Command(); is && seen == "" {
		if c, _ := commandNamed(name); c.done != "" {
			fmt.Fprintln(t.out, c.done)
		}
	}
	return t.arrivals()
}

// meaning turns a line into a transcript's step: what is in front on the phone
// takes it, M-Pesa's question before a call.
func (t *Terminal) meaning(line string) (string, error) {
	p := t.phone
	code := p.state.ServiceCode
	further := strings.TrimSuffix(code, "#") + "*"
	switch {
	case strings.HasPrefix(line, ":"):
		return line, nil
	case p.view.Prompt != nil:
		if line == "" || onlyDigits(line) != line {
			return "", errors.New("M-Pesa asks for the PIN: type it, or :cancel")
		}
		return ":pin " + line, nil
	case p.view.USSD.Open && line == "":
		return "", errors.New("type your answer first; :hangup ends the call")
	case p.view.USSD.Open:
		return line, nil
	case line == "" || line == code:
		return "dials", nil
	case strings.HasPrefix(line, further) && strings.HasSuffix(line, "#"):
		return "dials " + strings.TrimSuffix(strings.TrimPrefix(line, further), "#"), nil
	case strings.HasPrefix(line, "*"):
		return ":dial " + line, nil
	default:
		return "", fmt.Errorf("no call is open: press Enter to dial %s, or write a text with :sms %s", code, line)
	}
}

// draw shows what a step showed.
func (t *Terminal) draw(seen string) {
	kind, text, _ := strings.Cut(seen, " ")
	switch kind {
	case "":
	case "SMS":
		t.drawText(text)
	case "PIN":
		t.shown = t.phone.view.Prompt.ID
		fmt.Fprint(t.out, frame("M-PESA", text))
	case "M-PESA":
		fmt.Fprintln(t.out, "M-Pesa balance: "+text)
	default:
		t.drawScreen()
	}
}

func (t *Terminal) drawScreen() {
	ussd := t.phone.view.USSD
	title := ""
	switch {
	case ussd.Lost:
		title = "network"
	case ussd.Ended:
		title = "end"
	}
	fmt.Fprint(t.out, frame(title, ussd.Screen))
}

func (t *Terminal) drawText(text string) {
	from, body, _ := strings.Cut(text, " ")
	fmt.Fprint(t.out, frame("SMS from "+from, body))
}

// arrivals shows what came by itself since the last look.
func (t *Terminal) arrivals() error {
	came := false
	interrupt := func() {
		if !came {
			came = true
			fmt.Fprintln(t.out)
		}
	}
	for _, m := range t.phone.view.Inbox {
		if m.Out || t.phone.read[m.ID] {
			continue
		}
		t.phone.read[m.ID] = true
		interrupt()
		t.drawText(m.From + " " + m.Text)
		what := ":read"
		if m.From == mpesa {
			what += " " + mpesa
		}
		if err := t.record.step(t.phone, what, letter(m)); err != nil {
			return err
		}
	}
	if prompt := t.phone.view.Prompt; prompt != nil && prompt.ID != t.shown {
		t.shown = prompt.ID
		interrupt()
		fmt.Fprint(t.out, frame("M-PESA", question(*prompt)))
		if err := t.record.step(t.phone, ":prompt", "PIN "+question(*prompt)); err != nil {
			return err
		}
	}
	if came {
		t.ask()
	}
	return nil
}

func (t *Terminal) help() {
	code := t.phone.state.ServiceCode
	fmt.Fprintf(t.out, "  %-28s dial\n", "Enter, or "+code)
	fmt.Fprintf(t.out, "  %-28s dial a contract\n", strings.TrimSuffix(code, "#")+"*1234#")
	fmt.Fprintf(t.out, "  %-28s answer the screen, or M-Pesa's question for the PIN\n", "1, or any words")
	for _, c := range commands() {
		fmt.Fprintf(t.out, "  %-28s %s\n", strings.TrimSpace(":"+c.name+" "+c.usage), c.help)
	}
	fmt.Fprintf(t.out, "  %-28s %s\n", ":quit", "leave; the phone stays as it is")
}
