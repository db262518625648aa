package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/testkit"
)

// playLimit is how long a whole deal may take on a machine that is busy with
// others; nothing in it waits that long by itself.
const playLimit = 5 * time.Minute

// plays runs `voicepact phone --script` beside a gateway.
func (d *dev) plays(script string, more ...string) *process {
	d.t.Helper()
	return start(d.t, nil, append([]string{"phone", "--simulator", "http://" + d.listen, "--script", script, "--patience", "2m"}, more...)...)
}

// A whole deal by terminal phones, in both languages, with dropped calls, a phone
// that is off, and hops and texts that come twice.
func TestPhoneInTheTerminal(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/phone.en.txt", "testdata/phone.sw.txt"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			d := startDev(t)
			seen := filepath.Join(t.TempDir(), "seen.txt")
			p := d.plays(file, "--record", seen)
			code := p.exitWithin(playLimit)
			content, err := os.ReadFile(seen)
			if err != nil {
				t.Fatalf("%v: the program says\n%s", err, p.output)
			}
			testkit.Golden(t, file, string(content))
			if as := strings.Contains(p.output.String(), "as written"); as != (code == 0) {
				t.Errorf("the program ended with %d, saying\n%s", code, p.output)
			}
		})
	}
}

// The transcripts that test the menus alone play on the whole program too.
func TestTranscriptsOnTheWholeProgram(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"deal.en.txt", "deal.sw.txt"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			p := startDev(t).plays("../../ussd/testdata/" + file)
			if code := p.exitWithin(playLimit); code != 0 {
				t.Errorf("the program ended with %d, saying\n%s", code, p.output)
			}
		})
	}
}

// Where a screen is not as written, the program shows both and fails.
func TestScriptThatDiffers(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "wrong.txt")
	const text = "> amina dials\nCON Karibu VoicePact\n1. Deutsch\n2. Kiswahili\n0. Exit\n\n> amina 1\nCON Menu\n\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startDev(t).plays(script)
	if code := p.exit(); code != 1 {
		t.Errorf("the program ended with %d", code)
	}
	said := p.output.String()
	if !strings.Contains(said, "- 1. Deutsch\n+ 1. English\n") || strings.Contains(said, "CON Menu") {
		t.Errorf("the program says\n%s", said)
	}
}

// A person at the keyboard: a frame around each screen, a line that says what an
// answer goes to, and errors that say what to do.
func TestPhoneByHand(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	read, write := io.Pipe()
	p := startReading(t, read, "phone", "0712 000 001", "--simulator", "http://"+d.listen, "--language", "sw")
	for _, exchange := range [][2]string{
		{"", "SMS from 40404"}, // the gateway has heard of the language
		{"hello", "press Enter to dial"},
		{"\n", "│ 0. Ondoka "},
		{"*", "amina answer>"},
		{":drop", "─ network ─"},
		{":drop", "There is no call to drop"},
		{":late soon", "how many seconds"},
		{":off", "amina off>"},
		{"\n", "The phone is off"},
		{":nonsense", ":help lists them"},
		{":help", ":paybill ACCOUNT AMOUNT PIN"},
	} {
		if exchange[0] != "" {
			if _, err := io.WriteString(write, strings.TrimSuffix(exchange[0], "\n")+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Eventually(t, exchange[1]+" after "+exchange[0], func() bool {
			return strings.Contains(p.output.String(), exchange[1])
		})
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
}

func TestPhoneThatCannotBegin(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	for said, args := range map[string][]string{
		"nobody answers at http://127.0.0.1:1": {"phone", "+254712000001", "--simulator", "http://127.0.0.1:1"},
		"there is no phone +254799000111":      {"phone", "+254799000111", "--simulator", "http://" + d.listen},
		"whose phone?":                         {"phone", "--simulator", "http://" + d.listen},
		"is no simulator":                      {"phone", "0712000001", "--simulator", "http://" + d.listen + "/healthz"},
	} {
		p := start(t, nil, args...)
		if code := p.exit(); code != 1 || !strings.Contains(p.output.String(), said) {
			t.Errorf("%v ended with %d, saying\n%s", args, code, p.output)
		}
	}
}
