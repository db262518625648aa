package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Items say what they are about, no line ends in blanks, and below stands what to do
// about each kind, once.
func TestItemsSayWhatToDo(t *testing.T) {
	t.Parallel()
	transfer, stray := uuid.New(), uuid.New()
	var b strings.Builder
	if err := printItems(&b, []escrow.Item{
		{ID: uuid.New(), Kind: escrow.ItemPayoutFailed, Ref: "5238", TransferID: transfer, OpenedAt: storetest.Start(), Note: "2040"},
		{ID: uuid.New(), Kind: escrow.ItemPayoutFailed, Ref: "9570", TransferID: transfer, OpenedAt: storetest.Start()},
		{ID: uuid.New(), Kind: escrow.ItemStrayMoney, TransferID: stray, OpenedAt: storetest.Start(), Note: "Ksh500"},
	}); err != nil {
		t.Fatal(err)
	}
	said := b.String()
	if strings.Count(said, "transfer retry") != 1 || strings.Count(said, "suspense assign") != 1 {
		t.Errorf("not one line of advice for each kind:\n%s", said)
	}
	if !strings.Contains(said, transfer.String()) || strings.Contains(said, stray.String()) {
		t.Errorf("a transfer is missing, or the id of a stray is called one:\n%s", said)
	}
	if regexp.MustCompile(`(?m)[ \t]$`).MatchString(said) {
		t.Errorf("a line ends in blanks:\n%s", said)
	}
	b.Reset()
	if err := printItems(&b, nil); err != nil || b.String() != "nothing waits for a person\n" {
		t.Errorf("of no item it says %q (%v)", b.String(), err)
	}
}

// Whatever is advised can be typed: the commands are there, and take what is named.
func TestAdviceNamesCommands(t *testing.T) {
	t.Parallel()
	for line, kind := range map[string]escrow.ItemKind{
		"contract resolve 5238 --to-seller 10 --reason x":                                                     escrow.ItemDispute,
		"transfer retry 819350cf-caac-8a59-94e0-4016018ef92e --reason x":                                      escrow.ItemPayoutFailed,
		"transfer settled 819350cf-caac-8a59-94e0-4016018ef92e --by reversal --receipt UKP4UB394D --reason x": escrow.ItemNoWayBack,
		"transfer settled 819350cf-caac-8a59-94e0-4016018ef92e --by b2c --receipt UKP4UB394D --reason x":      escrow.ItemPayoutSilent,
		"transfer failed 819350cf-caac-8a59-94e0-4016018ef92e --reason x":                                     escrow.ItemPayoutSilent,
		"suspense assign UKP4UB394D 5238 --reason x":                                                          escrow.ItemStrayMoney,
		"suspense return UKP4UB394D --reversal UKP4UB394D --reason x":                                         escrow.ItemStrayMoney,
		"payouts resume --reason x":                                                                           escrow.ItemPayoutsHalted,
		"float charges 5 --reason x":                                                                          escrow.ItemBalanceDiffers,
		"contract show 5238":                                                                                  escrow.ItemJobGivenUp,
		"item close 819350cf-caac-8a59-94e0-4016018ef92e --reason x":                                          escrow.ItemJobGivenUp,
	} {
		words := strings.Fields(line)
		named := regexp.MustCompile(words[0] + ".*" + words[1])
		if !named.MatchString(advice(kind)) {
			t.Errorf("about %s nobody says %s %s: %s", kind, words[0], words[1], advice(kind))
		}
		parser, err := kong.New(&commands{}, kong.ExplicitGroups(groups()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(words); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// What is typed wrong is told before anything is looked for.
func TestWhatIsTypedIsChecked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"contract show 5239": "its last digit checks the others",
		"statement potatoes": "its last digit checks the others",
		"suspense return  --reversal UKP4UB394D --reason x":                                     "<receipt>",
		"contract resolve 5238 --to-seller 1 --reason x":                                        "",
		"contract show 52-38":                                                                   "",
		"transfer settled 819350cf-caac-8a59-94e0-4016018ef92e --receipt UKP4UB394D --reason x": "--by",
	} {
		parser, err := kong.New(&commands{}, kong.ExplicitGroups(groups()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(strings.Fields(line))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
