package browser

import (
	"os"

	"github.com/chromedp/chromedp"
)

// Picture writes what the selector finds to a PNG file, twice as large as it is
// shown; with "" the whole window as it is.
func (p *Tab) Picture(file string, selector chromedp.CSS) {
	p.t.Helper()
	const sharp, readable = 2, 0o644
	take := chromedp.CaptureScreenshot()
	if selector != "" {
		take = chromedp.ScreenshotScale(selector, sharp, chromedp.NodeVisible)
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
