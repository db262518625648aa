// Package browser drives the phones page in a headless Chromium, as a person
// does: by mouse and keyboard, looking at what the page shows.
package browser

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/voicepact/gateway/internal/testkit"
)

// limit bounds everything that a test does in a browser, its wait for a turn
// among the parallel tests of a loaded machine included.
const limit = 8 * time.Minute

// chromium finds the browser. Without one the test is skipped, except where the
// suite must be complete.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no chromium: install it or name it in CHROMIUM")
	}
	t.Skip("no chromium: install it or name it in CHROMIUM")
	return ""
}

// Start starts a browser that ends with the test.
func Start(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short no browser is started; make test does that")
	}
	path := chromium(t)
	limited, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900),
		// A page that moves cannot be clicked at a place measured before.
		chromedp.Flag("force-prefers-reduced-motion", true))
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stop the browser: %v", err)
		}
	})
	return ctx
}

// Tab is the page in one tab, as a person uses it: by mouse and keyboard.
type Tab struct {
	t        *testing.T
	ctx      context.Context //nolint:containedctx // the driver's handle of a tab
	refusals atomic.Bool
}

// Open opens the page and waits until it is live. A complaint in its console
// fails the test.
func Open(ctx context.Context, t *testing.T, address string) *Tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(ctx)
	p := &Tab{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // closed
			}
			if m.Source == "network" && p.refusals.Load() {
				continue
			}
			if m.IsException() || m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleWarning {
				t.Errorf("console: %s", m)
			}
		}
	})
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close the tab: %v", err)
		}
		closeTab()
		reading.Wait()
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("the page at the end:\n" + p.look())
		}
	})
	p.Do(chromedp.Navigate(address + "/"))
	p.Eventually("the live page", `document.body.dataset.live === "true" && document.querySelectorAll(".phone").length >= 2`)
	return p
}

// AllowRefusals says that calls of the page may fail from now on, which the
// browser itself notes in the console.
func (p *Tab) AllowRefusals() { p.refusals.Store(true) }

// Do runs steps of the driver.
func (p *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// look describes what the tab shows, for a failure.
func (p *Tab) look() string {
	seen, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](
		`[...document.querySelectorAll(".hint, .display, .timeline")].map((part) => part.innerText).join("\n--\n")`))
	if err != nil {
		return "cannot look at the page: " + err.Error()
	}
	return seen
}

// Eval is a JavaScript expression's value.
func Eval[T any](p *Tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Eventually waits for a JavaScript condition. Not by the driver's own polling:
// that compiles a script in the page, which the page's policy forbids.
func (p *Tab) Eventually(what, condition string) {
	p.t.Helper()
	testkit.Eventually(p.t, what, func() bool { return Eval[bool](p, condition) })
}

// Part is the selector of one part of a phone.
func Part(number, role string) chromedp.CSS {
	return chromedp.CSS(`.phone[data-number="` + number + `"] [data-role="` + role + `"]`)
}

// Quoted is a string in JavaScript.
func Quoted(text string) string { return strconv.Quote(text) }

// Click clicks what the selector finds, once it is visible.
func (p *Tab) Click(selector chromedp.CSS) {
	p.t.Helper()
	p.Do(chromedp.Click(selector, chromedp.NodeVisible))
}

// Key clicks one of the number keys.
func (p *Tab) Key(number, digit string) {
	p.t.Helper()
	p.Click(chromedp.CSS(`.phone[data-number="` + number + `"] [data-key="` + digit + `"]`))
}

// Text is the text of what the selector finds.
func (p *Tab) Text(selector chromedp.CSS) string {
	p.t.Helper()
	return Eval[string](p, `document.querySelector(`+Quoted(string(selector))+`).textContent`)
}

// Shows waits until a part contains a text.
func (p *Tab) Shows(selector chromedp.CSS, text string) {
	p.t.Helper()
	p.Eventually(Quoted(text)+" in "+string(selector),
		`!!document.querySelector(`+Quoted(string(selector))+`)?.textContent.includes(`+Quoted(text)+`)`)
}

// Type types text; a carriage return is Enter.
func (p *Tab) Type(text string) {
	p.t.Helper()
	p.Do(chromedp.KeyEvent(text))
}

// Answers types each answer with Enter and waits for the screen that follows.
func (p *Tab) Answers(number string, exchange ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(exchange); i += 2 {
		p.Type(exchange[i] + "\r")
		p.Shows(Part(number, "lcd"), exchange[i+1])
	}
}

// PlayByHints does nothing but what the line at the top says, which must be
// enough to play a whole deal, and returns the line that ends it.
func (p *Tab) PlayByHints() string {
	p.t.Helper()
	const steps = 80
	for range steps {
		hint := p.Text(`[data-role="hint"]`)
		if strings.HasPrefix(hint, "Done:") {
			return hint
		}
		p.Follow(hint)
	}
	p.t.Fatalf("no deal after %d steps", steps)
	return ""
}

// Follow obeys one hint and waits until it changes. What is offered to be typed
// belongs to the hint that stands there now, which may be another already.
func (p *Tab) Follow(hint string) {
	p.t.Helper()
	offered := `document.querySelector('[data-role="hint"]').textContent === ` + Quoted(hint) + `
		&& !document.querySelector('[data-role="hint-fill"]').hidden`
	switch {
	case Eval[bool](p, offered):
		p.Click(`[data-role="hint-fill"]`)
		p.Type("\r")
	case strings.Contains(hint, "green key"):
		p.Click(`.phone[data-next="true"] [data-role="green"]`)
	case strings.Contains(hint, "red key"):
		p.Click(`.phone[data-next="true"] [data-role="red"]`)
	}
	p.Eventually("the hint after "+hint, `document.querySelector('[data-role="hint"]').textContent !== `+Quoted(hint))
}
