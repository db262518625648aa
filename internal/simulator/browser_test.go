package simulator

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
)

// browserLimit bounds everything that a browser test does.
const browserLimit = 2 * time.Minute

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

// startBrowser starts a headless browser that ends with the test.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := chromium(t)
	limited, cancel := context.WithTimeout(context.Background(), browserLimit)
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

// tab is the page in one tab, as a person uses it: by mouse and keyboard.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the driver's handle of a tab
	// refusals says that calls may fail from now on, which the browser itself
	// notes in the console.
	refusals atomic.Bool
}

// openTab opens the page and waits until it is live. A complaint in its console
// fails the test.
func openTab(ctx context.Context, t *testing.T, address string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(ctx)
	p := &tab{t: t, ctx: ctx}
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
	p.do(chromedp.Navigate(address + "/"))
	p.eventually("the live page", `document.body.dataset.live === "true" && document.querySelectorAll(".phone").length >= 2`)
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// look describes what the tab shows, for a failure.
func (p *tab) look() string {
	seen, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](
		`[...document.querySelectorAll(".hint, .display, .timeline")].map((part) => part.innerText).join("\n--\n")`))
	if err != nil {
		return "cannot look at the page: " + err.Error()
	}
	return seen
}

// eval is a JavaScript expression's value.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// eventually waits for a JavaScript condition. Not by the driver's own polling:
// that compiles a script in the page, which the page's policy forbids.
func (p *tab) eventually(what, condition string) {
	p.t.Helper()
	eventually(p.t, what, func() bool { return eval[bool](p, condition) })
}

// part is the selector of one part of a phone.
func part(number, role string) chromedp.CSS {
	return chromedp.CSS(`.phone[data-number="` + number + `"] [data-role="` + role + `"]`)
}

// quoted is a string in JavaScript.
func quoted(text string) string { return strconv.Quote(text) }

func (p *tab) click(selector chromedp.CSS) {
	p.t.Helper()
	p.do(chromedp.Click(selector, chromedp.NodeVisible))
}

// key clicks one of the number keys.
func (p *tab) key(number, digit string) {
	p.t.Helper()
	p.click(chromedp.CSS(`.phone[data-number="` + number + `"] [data-key="` + digit + `"]`))
}

func (p *tab) text(selector chromedp.CSS) string {
	p.t.Helper()
	return eval[string](p, `document.querySelector(`+quoted(string(selector))+`).textContent`)
}

// shows waits until a part contains a text.
func (p *tab) shows(selector chromedp.CSS, text string) {
	p.t.Helper()
	p.eventually(quoted(text)+" in "+string(selector),
		`!!document.querySelector(`+quoted(string(selector))+`)?.textContent.includes(`+quoted(text)+`)`)
}

// keyboard types text; a carriage return is Enter.
func (p *tab) keyboard(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(text))
}

// answers types each answer with Enter and waits for the screen that follows.
func (p *tab) answers(number string, exchange ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(exchange); i += 2 {
		p.keyboard(exchange[i] + "\r")
		p.shows(part(number, "lcd"), exchange[i+1])
	}
}

// summary is what a tab shows of phones and deal, for comparing two of them.
func (p *tab) summary() string {
	return strings.Join(eval[[]string](p,
		`[...document.querySelectorAll('[data-role="lcd"], [data-role="wallet"], [data-role="badge"], .row .title, .row .detail')]
		 .map((node) => node.textContent)`), "\n")
}
