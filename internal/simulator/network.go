package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jmoiron/sqlx"
)

// Network is how the network treats one phone; the zero value is a phone with a
// good signal. It is kept with the phone, over restarts too.
type Network struct {
	// Off is a phone without battery or signal: texts wait, requests for a PIN
	// fail with 1037, and nothing can be done with it.
	Off bool `db:"off" json:"off"`
	// SlowSeconds is how long each USSD hop takes at least, on its way back. It
	// counts against the ten seconds of [ussdAnswerLimit]: from there on the
	// gateway has answered and the caller does not see it.
	SlowSeconds int `db:"slow_seconds" json:"slowSeconds"`
	// LateSeconds is how much later than others this phone's texts arrive, both
	// ways, and M-PESA's word about its payments.
	LateSeconds int `db:"late_seconds" json:"lateSeconds"`
	// Twice delivers each of those twice.
	Twice bool `db:"twice" json:"twice"`
	// LoseAnswer drops the call at its next hop after the gateway has heard the
	// answer and before the caller sees the screen; it then turns itself off.
	LoseAnswer bool `db:"lose_answer" json:"loseAnswer"`
}

// Limits of what a network does to a phone.
const (
	maxSlowSeconds = 30
	maxLateSeconds = 600
)

// networkChange turns the knobs that it names.
type networkChange struct {
	Off         *bool `json:"off"`
	SlowSeconds *int  `json:"slowSeconds"`
	LateSeconds *int  `json:"lateSeconds"`
	Twice       *bool `json:"twice"`
	LoseAnswer  *bool `json:"loseAnswer"`
}

// on returns n with the change made.
func (c networkChange) on(n Network) (Network, error) {
	turn(&n.Off, c.Off)
	turn(&n.SlowSeconds, c.SlowSeconds)
	turn(&n.LateSeconds, c.LateSeconds)
	turn(&n.Twice, c.Twice)
	turn(&n.LoseAnswer, c.LoseAnswer)
	switch {
	case n.SlowSeconds < 0 || n.SlowSeconds > maxSlowSeconds:
		return n, refuse(http.StatusBadRequest, "A hop takes 0 to 30 seconds.")
	case n.LateSeconds < 0 || n.LateSeconds > maxLateSeconds:
		return n, refuse(http.StatusBadRequest, "Texts come 0 to 600 seconds late.")
	}
	return n, nil
}

func turn[T any](knob, to *T) {
	if to != nil {
		*knob = *to
	}
}

func (n Network) slow() time.Duration { return time.Duration(n.SlowSeconds) * time.Second }
func (n Network) late() time.Duration { return time.Duration(n.LateSeconds) * time.Second }

// extra is how many copies go out beside the first.
func (n Network) extra() int { return boolInt(n.Twice) }

// readNetwork takes a database too, for reading outside of a transaction.
func readNetwork(ctx context.Context, q sqlx.QueryerContext, number string) (Network, error) {
	var n Network
	err := sqlx.GetContext(ctx, q, &n,
		`SELECT off, slow_seconds, late_seconds, twice, lose_answer FROM networks WHERE number = $1`, number)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Network{}, fmt.Errorf("read network: %w", err)
	}
	return n, nil
}

func storeNetwork(ctx context.Context, tx *sqlx.Tx, number string, n Network) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO networks (number, off, slow_seconds, late_seconds, twice, lose_answer)
		 VALUES ($1, $2, $3, $4, $5, $6)
		 ON CONFLICT (number) DO UPDATE SET off = excluded.off, slow_seconds = excluded.slow_seconds,
			late_seconds = excluded.late_seconds, twice = excluded.twice, lose_answer = excluded.lose_answer`,
		number, boolInt(n.Off), n.SlowSeconds, n.LateSeconds, boolInt(n.Twice), boolInt(n.LoseAnswer)); err != nil {
		return fmt.Errorf("store network: %w", err)
	}
	return nil
}

// setNetwork turns the knobs of one phone. A phone that goes off takes its call
// and its open prompt with it; one that comes on gets the texts that waited.
func (s *Sim) setNetwork(ctx context.Context, number string, change networkChange) error {
	var before, after Network
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var err error
		if before, err = readNetwork(ctx, tx, number); err != nil {
			return err
		}
		if after, err = change.on(before); err != nil {
			return err
		}
		if err := storeNetwork(ctx, tx, number, after); err != nil {
			return err
		}
		switch {
		case after.Off && !before.Off:
			return s.losePrompt(ctx, tx, number)
		case before.Off && !after.Off:
			return s.deliverBuffered(ctx, tx, number)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("simulator: set network: %w", err)
	}
	s.changed()
	if after.Off && !before.Off {
		return s.hangup(ctx, number)
	}
	return nil
}

// losePrompt ends the open prompt of a phone that cannot be reached any more.
func (s *Sim) losePrompt(ctx context.Context, tx *sqlx.Tx, number string) error {
	var p prompt
	err := tx.GetContext(ctx, &p, `SELECT `+promptColumns+` FROM prompts WHERE number = $1 AND open = 1`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read open prompt: %w", err)
	}
	return s.closePrompt(ctx, tx, &p, unreachable())
}

// unreachable is what M-PESA says of a phone that is off or is none.
func unreachable() outcome { return outcome{resultUnreachable, "DS timeout user cannot be reached"} }

// refuseOff keeps a phone that is off from doing anything.
func (s *Sim) refuseOff(ctx context.Context, number string) error {
	n, err := readNetwork(ctx, s.db, number)
	if err == nil && n.Off {
		err = refuse(http.StatusConflict, "The phone is off. Turn it on first.")
	}
	return err
}

// speak says which language the phone's owner reads. The gateway learns it the
// way it learns it from anyone who does not want to dial: by a text with its name.
func (s *Sim) speak(ctx context.Context, number, language string) error {
	word, known := languageWords()[language]
	if !known {
		return refuse(http.StatusBadRequest, "The languages here are en and sw.")
	}
	if _, err := s.db.ExecContext(ctx, `UPDATE phones SET language = $1 WHERE number = $2`, language, number); err != nil {
		return fmt.Errorf("simulator: set language: %w", err)
	}
	return s.textShortCode(ctx, number, word)
}

// languageWords are what a person texts to be spoken to in a language.
func languageWords() map[string]string {
	return map[string]string{"en": "ENGLISH", "sw": "KISWAHILI"}
}
