package escrow

import (
	"errors"
	"testing"

	"github.com/google/uuid"
)

func TestAPostingThatDoesNotSumToZeroIsRefused(t *testing.T) {
	t.Parallel()
	from, to := EscrowAccount(uuid.New()), PayableAccount(uuid.New())
	for name, test := range map[string]struct {
		lines []Entry
		want  error
	}{
		"what one account gives the other gets": {entries(from, to, 350_000), nil},
		"a cent is made":                        {[]Entry{{from, -350_000}, {to, 350_001}}, ErrUnbalanced},
		"a cent is lost":                        {[]Entry{{from, -350_000}, {to, 349_999}}, ErrUnbalanced},
		"money comes from nowhere":              {[]Entry{{to, 350_000}}, ErrUnbalanced},
		"nothing moves":                         {entries(from, to, 0), ErrUnbalanced},
		"no entries at all":                     {nil, ErrUnbalanced},
	} {
		if err := (Posting{Reason: "test", Entries: test.lines}).check(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
