package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/voicepact/gateway/internal/testkit"
)

// built is the folder of the programs under test, once one was built.
var built = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "voicepact-e2e-") })

var (
	// binary is the program under test, built once with the race detector.
	binary = program("voicepact", "-race")
	// hurriedBinary is the program that waits a twentieth as long for everything,
	// at its real speed: see cmd/voicepact/pace_hurried.go.
	hurriedBinary = program("voicepact-hurried", "-tags=hurried")
)

func program(name string, flags ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		folder, err := built()
		if err != nil {
			return "", err
		}
		file := filepath.Join(folder, name)
		args := append(append([]string{"build"}, flags...), "-o", file, "../../cmd/voicepact")
		if output, err := exec.CommandContext(context.Background(), "go", args...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, output)
		}
		return file, nil
	})
}

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "with -short the whole program is not tested; `make test` does that")
		return
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy logs there, whatever logger it is given
	code := m.Run()
	if folder, err := built(); err == nil {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// process is one run of the program.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *output
	done   chan struct{}
	err    error // of the exit, once done is closed
}

// output collects what a process prints, while it prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the program with the arguments and nothing in its environment but
// env. Whatever happens to the test, the process ends with it.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startBuild(t, binary, env, args...)
}

// startReading is start with something to read from.
func startReading(t *testing.T, in io.Reader, args ...string) *process {
	t.Helper()
	return startBuildReading(t, binary, in, nil, args...)
}

func startBuild(t *testing.T, build func() (string, error), env []string, args ...string) *process {
	t.Helper()
	return startBuildReading(t, build, nil, env, args...)
}

func startBuildReading(t *testing.T, build func() (string, error), in io.Reader, env []string, args ...string) *process {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	// The test's context ends before its clean-up does, which kills the process.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), file, args...)
	p := &process{t: t, cmd: cmd, output: &output{}, done: make(chan struct{})}
	p.cmd.Env = append([]string{"HOME=" + t.TempDir()}, env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if text := p.output.String(); strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic") {
			t.Errorf("the program says:\n%s", text)
		} else if t.Failed() {
			const enough = 20_000 // characters: of hundreds of processes the end is what tells
			t.Logf("the program says:\n%s", text[max(0, len(text)-enough):])
		}
	})
	return p
}

// says waits until the output matches, and returns the first group.
func (p *process) says(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	testkit.Eventually(p.t, "output like "+pattern, func() bool {
		found = re.FindStringSubmatch(p.output.String())
		return found != nil || p.ended()
	})
	if found == nil {
		p.t.Fatalf("the program ended (%v) without saying %s:\n%s", p.err, pattern, p.output)
	}
	return found[1]
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	if !p.ended() {
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// stopLimit is more than the program allows itself for stopping.
const stopLimit = 20 * time.Second

// stop ends the process as an operator does, and expects it to end well.
func (p *process) stop(signal syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.t.Fatalf("the program did not stop:\n%s", p.output)
	}
	if p.err != nil {
		p.t.Errorf("the program stopped with %v:\n%s", p.err, p.output)
	}
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	return p.exitWithin(stopLimit)
}

func (p *process) exitWithin(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.t.Fatal("the program did not end")
	}
	if failed, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return failed.ExitCode()
	}
	return 0
}
