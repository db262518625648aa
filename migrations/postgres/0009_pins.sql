-- +goose Up

-- A party's PIN: its slow, salted and keyed hash, since when it is set, from when on
-- it moves money, how many wrong ones were given since the last right one, since
-- when it is locked, and when a reset was asked for.
ALTER TABLE parties ADD COLUMN pin_sealed BYTEA;
ALTER TABLE parties ADD COLUMN pin_set_at BIGINT;
ALTER TABLE parties ADD COLUMN pin_trusted_at BIGINT;
ALTER TABLE parties ADD COLUMN pin_locked_at BIGINT;
ALTER TABLE parties ADD COLUMN pin_reset_at BIGINT;
ALTER TABLE parties ADD COLUMN pin_tries BIGINT NOT NULL DEFAULT 0
    CONSTRAINT parties_pin_tries_range CHECK (pin_tries BETWEEN 0 AND 5);
ALTER TABLE parties ADD COLUMN pin_reset_tries BIGINT NOT NULL DEFAULT 0
    CONSTRAINT parties_pin_reset_tries_range CHECK (pin_reset_tries BETWEEN 0 AND 5);

-- What happened to PINs. It holds no digit of any.
CREATE TABLE pin_events (
    id          UUID   PRIMARY KEY,
    party_id    UUID   NOT NULL REFERENCES parties (id),
    contract_id UUID   REFERENCES contracts (id),
    at          BIGINT NOT NULL,
    channel     TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    event       TEXT   NOT NULL CONSTRAINT pin_events_event_known CHECK (event IN (
                    'pin_set', 'pin_changed', 'pin_used', 'pin_wrong', 'pin_locked',
                    'pin_reset_asked', 'pin_reset_wrong', 'pin_reset_dropped', 'pin_reset', 'pin_cleared')),
    tries       BIGINT NOT NULL,
    detail      TEXT   NOT NULL
);
CREATE INDEX pin_events_of_party ON pin_events (party_id, at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pin_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE pin_events;
ALTER TABLE parties DROP COLUMN pin_reset_tries;
ALTER TABLE parties DROP COLUMN pin_tries;
ALTER TABLE parties DROP COLUMN pin_reset_at;
ALTER TABLE parties DROP COLUMN pin_locked_at;
ALTER TABLE parties DROP COLUMN pin_trusted_at;
ALTER TABLE parties DROP COLUMN pin_set_at;
ALTER TABLE parties DROP COLUMN pin_sealed;
