-- +goose Up

-- A party's PIN: its slow, salted and keyed hash, since when it is set, from when on
-- it moves money, how many wrong ones were given since the last right one, since
-- when it is locked, and when a reset was asked for.
ALTER TABLE parties ADD COLUMN pin_sealed BLOB;
ALTER TABLE parties ADD COLUMN pin_set_at INTEGER;
ALTER TABLE parties ADD COLUMN pin_trusted_at INTEGER;
ALTER TABLE parties ADD COLUMN pin_locked_at INTEGER;
ALTER TABLE parties ADD COLUMN pin_reset_at INTEGER;
ALTER TABLE parties ADD COLUMN pin_tries INTEGER NOT NULL DEFAULT 0
    CONSTRAINT parties_pin_tries_range CHECK (pin_tries BETWEEN 0 AND 5);
ALTER TABLE parties ADD COLUMN pin_reset_tries INTEGER NOT NULL DEFAULT 0
    CONSTRAINT parties_pin_reset_tries_range CHECK (pin_reset_tries BETWEEN 0 AND 5);

-- What happened to PINs. It holds no digit of any.
CREATE TABLE pin_events (
    id          TEXT   PRIMARY KEY,
    party_id    TEXT   NOT NULL REFERENCES parties (id),
    contract_id TEXT   REFERENCES contracts (id),
    at          INTEGER NOT NULL,
    channel     TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    event       TEXT   NOT NULL CONSTRAINT pin_events_event_known CHECK (event IN (
                    'pin_set', 'pin_changed', 'pin_used', 'pin_wrong', 'pin_locked',
                    'pin_reset_asked', 'pin_reset_wrong', 'pin_reset_dropped', 'pin_reset', 'pin_cleared')),
    tries       INTEGER NOT NULL,
    detail      TEXT   NOT NULL
) STRICT;
CREATE INDEX pin_events_of_party ON pin_events (party_id, at);
-- +goose StatementBegin
CREATE TRIGGER append_only_pin_events_update BEFORE UPDATE ON pin_events
BEGIN SELECT RAISE(ABORT, 'pin_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_pin_events_delete BEFORE DELETE ON pin_events
BEGIN SELECT RAISE(ABORT, 'pin_events is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE pin_events;
ALTER TABLE parties DROP COLUMN pin_reset_tries;
ALTER TABLE parties DROP COLUMN pin_tries;
ALTER TABLE parties DROP COLUMN pin_reset_at;
ALTER TABLE parties DROP COLUMN pin_locked_at;
ALTER TABLE parties DROP COLUMN pin_trusted_at;
ALTER TABLE parties DROP COLUMN pin_set_at;
ALTER TABLE parties DROP COLUMN pin_sealed;
