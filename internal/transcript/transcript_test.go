package transcript

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `# A deal.
# amina is +254712000001 Amina Wanjiru, en
# otieno is 0722000418
> amina dials {ref}
CON Karibu

1. English

> amina :sms STATUS 1234

> world works

# The end.
`

func parsed(t *testing.T, text string) Transcript {
	t.Helper()
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFileAndTranscriptAreTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../ussd/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	texts := map[string]string{"sample": sample, "nothing": ""}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(content)
	}
	for name, text := range texts {
		if got := parsed(t, text).String(); got != text {
			t.Errorf("%s becomes\n%s", name, Lines(text, got))
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	got := parsed(t, sample)
	if digits, ok := got.Steps[0].Dialled(); !ok || digits != "{ref}" {
		t.Errorf("the first step dials %q %v", digits, ok)
	}
	if seen := got.Steps[0].Seen; seen != "CON Karibu\n\n1. English" {
		t.Errorf("the first screen is %q", seen)
	}
	if name, rest, ok := got.Steps[1].Command(); !ok || name != "sms" || rest != "STATUS 1234" {
		t.Errorf("the second step is %q %q %v", name, rest, ok)
	}
	if _, _, ok := got.Steps[2].Command(); ok || got.Steps[2].Who != "world" || got.Steps[2].What != "works" {
		t.Errorf("the third step is %+v", got.Steps[2])
	}
	people := got.People()
	if len(people) != 2 || people[0] != (Person{"amina", "+254712000001", "Amina Wanjiru", "en"}) ||
		people[1] != (Person{Key: "otieno", Number: "0722000418"}) {
		t.Errorf("the people are %+v", people)
	}
	for i, p := range people {
		if line := got.Steps[0].Before[i+1]; p.Introduction() != line {
			t.Errorf("%q is introduced by %q", line, p.Introduction())
		}
	}
}

func TestFilesThatAreNoTranscripts(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]string{"CON Karibu\n": "line 1", "# A\n>  1\n": "line 2", "# A\nwords\n": "line 2"} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPlayStopsWhereItCannotGoOn(t *testing.T) {
	t.Parallel()
	script := parsed(t, sample)
	played, err := script.Play(func(s Step) (string, error) {
		if s.Who == "world" {
			return "", ErrNobody
		}
		return "CON Karibu", nil
	})
	if !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "> world works") {
		t.Errorf("it ended with %v", err)
	}
	want := "> amina dials {ref}\n  CON Karibu\n- \n- 1. English\n> amina :sms STATUS 1234\n+ CON Karibu\n> world works\n  was not played\n"
	if diff := Diff(script, played); diff != want {
		t.Errorf("the difference is\n%q\nwant\n%q", diff, want)
	}
	if diff := Diff(script, script); diff != "" {
		t.Errorf("a transcript differs from itself:\n%s", diff)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for screen, want := range map[string]string{
		"12345 by 6 Dec, 4821 too":                       "##### by {date}, 4821 too",
		"ACCEPT 1234 5678 by 6 Okt":                      "ACCEPT #### {code} by {date}",
		"TKP8X2M4QL Confirmed. on 25/11/26 at 8:05 PM":   "{receipt} Confirmed. on {date} at {time}",
		"VOICEPACTS held 1234567890 for KONTRAKTED deal": "VOICEPACTS held 1234567890 for KONTRAKTED deal",
		"UKPHBPHOFQ Confirmed. Jibu THIBITISHA 1234":     "{receipt} Confirmed. Jibu THIBITISHA ####",
		"Paid 3 Dec UKPHBPHOFQ":                          "Paid {date} {receipt}",
		"Dial *384*12345*1234# or *384*123456#":          "Dial *384*#####*##### or *384*123456#",
		"##### by {date}, #### {code}":                   "##### by {date}, #### {code}",
	} {
		mask := Mask{Refs: []string{"1234", "12345", "9876"}, Day: true}
		got := mask.Hide(screen)
		if got != want {
			t.Errorf("%q becomes %q, want %q", screen, got, want)
		}
		if again := mask.Hide(got); again != got {
			t.Errorf("hidden twice, %q becomes %q", got, again)
		}
	}
	names := Mask{Names: map[string]string{"Amina W.": "0712***001"}}
	if got := names.Hide("to Amina W. 0712***001: Amina W. pays"); got != "to 0712***001: 0712***001 pays" {
		t.Errorf("without names: %q", got)
	}
	if got := (Mask{Refs: []string{"1234"}}).Hide("1234 by 6 Dec"); got != "#### by 6 Dec" {
		t.Errorf("without the day: %q", got)
	}
}
