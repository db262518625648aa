package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	// maxBatch is how many messages that read alike go out in one request.
	maxBatch = 50
	// batchPause is how soon is looked again at a message that goes out with another.
	batchPause = 5 * time.Second
	// batchPatience is longer than any request takes: whoever was sending is dead.
	batchPatience = 3 * time.Minute
)

// gather marks those as being sent, too, that read as m does and wait: answers such
// as that to HELP, after an outage. What is about a contract reads like nothing
// else, and what carries a code must not.
func (s *Service) gather(ctx context.Context, tx Tx, m Message) ([]Message, error) {
	if _, ok := s.messenger.(Broadcaster); !ok || m.ContractID != uuid.Nil || m.Template.carriesCode() {
		return nil, nil
	}
	alike, err := tx.Alike(ctx, m, maxBatch-1)
	if err != nil {
		return nil, err
	}
	var others []Message
	served := map[uuid.UUID]bool{m.To.ID: true} // one request serves a number once
	for _, other := range alike {
		if served[other.To.ID] {
			continue
		}
		served[other.To.ID] = true
		other.Batch = m.ID
		if err := s.mark(ctx, tx, &other, MessageSending); err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	return others, nil
}

// own is what the job of the first message has to return. The others have jobs of
// their own, which find them queued again where they have to be.
func own(errs []error) error {
	for _, err := range errs[1:] {
		if _, later := err.(*Later); err != nil && !later { //nolint:errorlint // as sent returns it
			return err
		}
	}
	return errs[0]
}
