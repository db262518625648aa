package simulator

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// state gathers what the page shows. The tables are read in one transaction:
// a payment is never seen half done.
func (s *Sim) state(ctx context.Context) (State, error) {
	st := State{
		ServiceCode: s.cfg.ServiceCode, ShortCode: s.cfg.ShortCode, PayBill: s.cfg.BusinessShortCode, Phones: []PhoneView{},
		Watched: s.watch.watcher != nil,
	}
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		// Transactions are one at a time, so a higher version is a later look at
		// everything, also at what is not in the tables.
		st.Version = s.readings.Add(1)
		st.Contracts, st.Wire = s.watch.current(), s.wire.all()
		var rows []struct {
			phone
			Cents int64 `db:"cents"`
		}
		if err := tx.SelectContext(ctx, &rows,
			`SELECT `+phoneColumns+`,
				coalesce((SELECT a.cents FROM bank_accounts a WHERE a.name = 'wallet:' || number), 0) AS cents
			 FROM phones ORDER BY created_at, rowid`); err != nil {
			return fmt.Errorf("read phones: %w", err)
		}
		inboxes, err := readInboxes(ctx, tx)
		if err != nil {
			return err
		}
		prompts, err := s.readPrompts(ctx, tx)
		if err != nil {
			return err
		}
		networks, err := readNetworks(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			inbox := inboxes[r.Number]
			if inbox == nil {
				inbox = []MessageView{}
			}
			st.Phones = append(st.Phones, PhoneView{
				Number: r.Number, Name: r.Name, Role: r.Role, Language: r.Language, WalletCents: r.Cents, PIN: r.PIN,
				USSD: s.lines.view(r.Number), Inbox: inbox, Prompt: prompts[r.Number],
				Network: networks[r.Number].Network, Waiting: networks[r.Number].Waiting,
			})
		}
		return nil
	})
	if err != nil {
		return State{}, fmt.Errorf("simulator: state: %w", err)
	}
	return st, nil
}

// networkRow is a phone's network and how many texts are on their way to it.
type networkRow struct {
	Network
	Waiting int `db:"waiting"`
}

func readNetworks(ctx context.Context, tx *sqlx.Tx) (map[string]networkRow, error) {
	var rows []struct {
		networkRow
		Number string `db:"number"`
	}
	if err := tx.SelectContext(ctx, &rows,
		`SELECT number, off, slow_seconds, late_seconds, twice, lose_answer,
			(SELECT count(*) FROM messages m WHERE m.number = n.number AND m.outgoing = 0 AND m.status <> $1) AS waiting
		 FROM networks n`, statusSuccess); err != nil {
		return nil, fmt.Errorf("read networks: %w", err)
	}
	networks := map[string]networkRow{}
	for _, r := range rows {
		networks[r.Number] = r.networkRow
	}
	return networks, nil
}

// readInboxes returns the latest texts by number, oldest first, without those
// that are still on their way.
func readInboxes(ctx context.Context, tx *sqlx.Tx) (map[string][]MessageView, error) {
	var rows []struct {
		ID       string `db:"message_id"`
		Number   string `db:"number"`
		At       int64  `db:"at"`
		Sender   string `db:"sender"`
		Body     string `db:"body"`
		Outgoing int    `db:"outgoing"`
		Status   string `db:"status"`
	}
	if err := tx.SelectContext(ctx, &rows,
		`SELECT message_id, number, at, sender, body, outgoing, status FROM (
			SELECT id, message_id, number, at, sender, body, outgoing, status,
				row_number() OVER (PARTITION BY number ORDER BY id DESC) AS age FROM messages
			WHERE outgoing = 1 OR status = $2
		 ) WHERE age <= $1 ORDER BY id`, inboxKept, statusSuccess); err != nil {
		return nil, fmt.Errorf("read inboxes: %w", err)
	}
	inboxes := map[string][]MessageView{}
	for _, r := range rows {
		inboxes[r.Number] = append(inboxes[r.Number], MessageView{
			ID: r.ID, At: fromMicros(r.At), From: r.Sender, Text: r.Body, Out: r.Outgoing == 1, Status: r.Status,
		})
	}
	return inboxes, nil
}

// readPrompts returns the open prompt by number.
func (s *Sim) readPrompts(ctx context.Context, tx *sqlx.Tx) (map[string]*PromptView, error) {
	var rows []prompt
	if err := tx.SelectContext(ctx, &rows,
		`SELECT `+promptColumns+` FROM prompts WHERE open = 1 AND expires_at > $1`, micros(s.now())); err != nil {
		return nil, fmt.Errorf("read prompts: %w", err)
	}
	prompts := map[string]*PromptView{}
	for _, p := range rows {
		prompts[p.Number] = &PromptView{
			ID: p.ID, AmountCents: p.Cents, Payee: businessName, Account: p.Account,
			ExpiresAt: fromMicros(p.Expires),
		}
	}
	return prompts, nil
}
