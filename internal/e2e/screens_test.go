package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	terminal "github.com/voicepact/gateway/internal/handset"
	"github.com/voicepact/gateway/internal/testkit/browser"
	"github.com/voicepact/gateway/internal/transcript"
)

// screens asks for pictures: `make screens`.
var screens = flag.Bool("screens", false, "take the pictures in docs/screens again")

const screensFolder = "../../docs/screens"

// TestScreens takes the pictures in docs/screens from the phones page, where the
// transcripts there say "camera". What is seen is written into the transcripts,
// so that a changed menu shows in their diff; a step that cannot be done fails.
func TestScreens(t *testing.T) { //nolint:paralleltest // it removes and writes files of the repository
	if !*screens {
		t.Skip("pictures are taken by make screens")
	}
	old, err := filepath.Glob(screensFolder + "/*.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	var page strings.Builder
	fmt.Fprint(&page, "# Screens\n\nTaken from the phones page by `make screens`, which plays [en.txt](en.txt) and [sw.txt](sw.txt).\n")
	for _, language := range []struct{ tag, name string }{{"en", "English"}, {"sw", "Kiswahili"}} {
		a := &album{t: t, language: language.tag}
		a.play()
		fmt.Fprintf(&page, "\n## %s\n\n%s", language.name, a.shelf())
	}
	if err := os.WriteFile(screensFolder+"/README.md", []byte(page.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// album is the pictures of one language.
type album struct {
	t        *testing.T
	language string
	tab      *browser.Tab
	files    []string
	captions []string
}

func (a *album) play() {
	a.t.Helper()
	file := filepath.Join(screensFolder, a.language+".txt")
	content, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	script, err := transcript.Parse(string(content))
	if err != nil {
		a.t.Fatal(err)
	}
	d := startDev(a.t)
	a.tab = browser.Open(browser.Start(a.t), a.t, "http://"+d.listen)
	player, err := terminal.NewPlayer(a.t.Context(), terminal.NewDesk("http://"+d.listen), script, playLimit)
	if err != nil {
		a.t.Fatal(err)
	}
	player.Onward, player.Camera = true, a.picture
	_, got, err := player.Play(a.t.Context(), script)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil { //nolint:gosec // a file of ours, in the documents
		a.t.Fatal(err)
	}
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// picture waits until the page shows the phone's screen, and takes it. A caption
// behind "messages:" is of the phone's texts.
func (a *album) picture(number, screen, caption string) error {
	caption, ofMessages := strings.CutPrefix(caption, "messages: ")
	if ofMessages {
		a.tab.Click(browser.Part(number, "tab-sms"))
	} else {
		if tab := browser.Part(number, "tab-ussd"); browser.Eval[bool](a.tab,
			`document.querySelector(`+browser.Quoted(string(tab))+`).getAttribute("aria-pressed") !== "true"`) {
			a.tab.Click(tab)
		}
		a.tab.Eventually("the screen", `document.querySelector(`+browser.Quoted(string(browser.Part(number, "lcd")))+
			`).textContent === `+browser.Quoted(screen)+` || !document.querySelector(`+
			browser.Quoted(string(browser.Part(number, "prompt")))+`).hidden`)
	}
	// The marks of whose turn it is and of the keyboard are not the phone's.
	browser.Eval[bool](a.tab, `document.activeElement.blur(), document.querySelector('.phone[data-number="`+number+
		`"]').dataset.next = false, true`)
	words := strings.Fields(notSlug.ReplaceAllString(strings.ToLower(caption), " "))
	const enough = 5
	name := fmt.Sprintf("%s-%02d-%s.png", a.language, len(a.files)+1, strings.Join(words[:min(enough, len(words))], "-"))
	a.tab.Picture(filepath.Join(screensFolder, name), chromedp.CSS(`.phone[data-number="`+number+`"]`))
	a.files, a.captions = append(a.files, name), append(a.captions, caption)
	return nil
}

// shelf is the table of the pictures, five in a row.
func (a *album) shelf() string {
	const width = 5
	var b strings.Builder
	for from := 0; from < len(a.files); from += width {
		to := min(from+width, len(a.files))
		for _, row := range []func(int) string{
			func(i int) string { return fmt.Sprintf("![%s](%s)", a.captions[i], a.files[i]) },
			nil,
			func(i int) string { return a.captions[i] },
		} {
			for i := from; i < to; i++ {
				cell := ":---:"
				if row != nil {
					cell = row(i)
				}
				fmt.Fprintf(&b, "| %s ", cell)
			}
			fmt.Fprintln(&b, "|")
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}
