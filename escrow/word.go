package escrow

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// MaxWords is how much a party can say at once about a problem, in characters: two
// SMS, and more than one answer by USSD holds.
const MaxWords = 300

// EventWordAdded is the [AuditEvent.Event] of a word that a party adds to a dispute.
const EventWordAdded = "word_added"

// wordsADay is how many words each party can add to a dispute in a day.
const wordsADay = 3

// CanAddWord reports whether a mediator looks after the contract, who reads what the
// parties add.
func (c Contract) CanAddWord() bool { return c.State == Disputed }

// AddWord adds a party's words to a dispute, whoever raised it, for the mediator to
// read. It moves nothing, so that it takes no proof. It refuses [NotNow] and [Closed]
// where no dispute is open, [BadWords], and [Enough] after a few on one day.
func (s *Service) AddWord(ctx context.Context, cmd Command) (Result, error) {
	cmd.Words = printable(cmd.Words)
	return s.party(ctx, "add_word", cmd, func(ctx context.Context, w *work) error {
		if !w.contract.CanAddWord() {
			return w.notNow()
		}
		return w.addWord(ctx, cmd.Words)
	})
}

func (w *work) addWord(ctx context.Context, words string) error {
	if words == "" || len([]rune(words)) > MaxWords {
		return Refuse(BadWords).About(w.contract)
	}
	if err := w.rationed(ctx, "word", wordsADay); err != nil {
		return err
	}
	if err := w.note(ctx, EventWordAdded, words); err != nil {
		return err
	}
	return w.tell(ctx, w.role, MsgWordAdded)
}

// rationed takes one of the places that the actor has in a day for something about
// the contract, or refuses [Enough].
func (w *work) rationed(ctx context.Context, what string, aDay int) error {
	key := what + ":" + w.contract.ID.String() + ":" + w.actor.String() + ":" + Day(w.now).Format(time.DateOnly)
	free, err := takePlace(ctx, w.Tx, key, aDay, w.contract.ID)
	if err == nil && !free {
		return Refuse(Enough).About(w.contract)
	}
	return err
}

// takePlace takes the next free one of so many places under a key, if one is left.
func takePlace(ctx context.Context, tx Tx, key string, places int, contract uuid.UUID) (bool, error) {
	for place := range places {
		if first, err := tx.Claim(ctx, key+":"+strconv.Itoa(place), nil, contract); err != nil || first {
			return first, err
		}
	}
	return false, nil
}
