package browser

import (
	"os"

	"github.com/chromedp/chromedp"
)

// Picture writes what the selector finds to a PNG file as large as it is shown:
// sharper ones would weigh a third of a megabyte each; with "" the whole window.
func (p *Tab) Picture(file string, selector chromedp.CSS) {
	p.t.Helper()
	const readable = 0o644
	take := chromedp.CaptureScreenshot()
	if selector != "" {
		take = chromedp.Screenshot(selector, chromedp.NodeVisible)
	}
	png, err := chromedp.Run(p.ctx, take)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, readable); err != nil {
		p.t.Fatal(err)
	}
}

// Window gives the tab another size.
func (p *Tab) Window(width, height int64) {
	p.t.Helper()
	p.Do(chromedp.EmulateViewport(width, height))
}
