package testkit

import (
	"testing"

	"go.uber.org/goleak"
)

// Main runs a package's tests and fails them where a goroutine is left at the
// end: func TestMain(m *testing.M) { testkit.Main(m) }.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m, ours()...)
}

// ours lists the goroutines that libraries start once and never end, or end late.
func ours() []goleak.Option {
	return []goleak.Option{
		// fiber's HTTP server keeps the Date header of all servers.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		// Its pool sees only every ten seconds that the server has ended.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	}
}
