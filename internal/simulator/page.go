package simulator

import (
	"embed"
	"io/fs"
	"mime"
	"path"

	"github.com/gofiber/fiber/v2"
)

// pageFiles is the page of simulated phones.
//
//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load its own files, talk to its own origin, and
// nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// registerPage serves every embedded file under /assets/ and, because the page
// names its files relative to itself, beside / too. Files are routes of their
// own, so there is no path to climb out of.
func registerPage(r fiber.Router) {
	r.Get("/", servePage("page/index.html"))
	// The tree is compiled in: walking it cannot fail.
	_ = fs.WalkDir(pageFiles, "page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		local := name[len("page/"):]
		r.Get("/"+local, servePage(name))
		r.Get("/assets/"+local, servePage(name))
		return nil
	})
}

func servePage(name string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		data, err := pageFiles.ReadFile(name)
		if err != nil {
			return fiber.ErrNotFound
		}
		c.Set(fiber.HeaderContentType, contentType(name))
		c.Set(fiber.HeaderContentSecurityPolicy, pagePolicy)
		c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
		// A new build must not run with the scripts of the last.
		c.Set(fiber.HeaderCacheControl, "no-cache")
		return c.Send(data)
	}
}

// contentType does not ask the machine's own table for the types that matter:
// some machines call scripts text/plain, and nosniff then forbids them.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}
