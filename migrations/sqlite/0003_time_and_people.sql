-- +goose Up

-- What falls due on a contract by itself. Times of jobs may be lost with their
-- jobs; these are the truth. due_end is when a right is lost, due_at the next
-- thing to do before it; due_frozen is since when a dispute stops both.
ALTER TABLE contracts ADD COLUMN due_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN due_at INTEGER;
ALTER TABLE contracts ADD COLUMN due_end INTEGER;
ALTER TABLE contracts ADD COLUMN due_armed INTEGER;
ALTER TABLE contracts ADD COLUMN due_counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contracts ADD COLUMN due_frozen INTEGER;
CREATE INDEX contracts_due ON contracts (due_at) WHERE due_at IS NOT NULL AND due_frozen IS NULL;

-- Who asked to call off a contract whose money is held, when, and how many wrong
-- codes the other side has given.
ALTER TABLE contracts ADD COLUMN cancel_by TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN cancel_at INTEGER;
ALTER TABLE contracts ADD COLUMN cancel_tries INTEGER NOT NULL DEFAULT 0;

-- Contracts that are open already get their whole time from now on.
UPDATE contracts SET due_kind = 'expire', due_armed = unixepoch() * 1000000,
    due_at = unixepoch() * 1000000 + 172800000000, due_end = unixepoch() * 1000000 + 172800000000
WHERE state IN ('pending', 'confirmed');
UPDATE contracts SET due_kind = 'warn_first', due_armed = unixepoch() * 1000000,
    due_at = max(deliver_by, unixepoch() * 1000000) + 28800000000, due_end = max(deliver_by, unixepoch() * 1000000) + 259200000000
WHERE state = 'payment_locked';
UPDATE contracts SET due_kind = 'inspect_half', due_armed = unixepoch() * 1000000,
    due_at = unixepoch() * 1000000 + 129600000000, due_end = unixepoch() * 1000000 + 259200000000
WHERE state = 'delivered';
UPDATE contracts SET due_kind = 'confirm_first', due_armed = unixepoch() * 1000000,
    due_at = unixepoch() * 1000000 + 86400000000, due_end = unixepoch() * 1000000 + 432000000000
WHERE state = 'accepted';

-- When the service was last seen to work, and when it was not: deadlines are
-- longer by the time that we were down.
CREATE TABLE pulse (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;
CREATE TABLE outages (
    began_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (began_at, ended_at),
    CONSTRAINT outages_forwards CHECK (began_at < ended_at)
) STRICT;
CREATE INDEX outages_by_end ON outages (ended_at);

-- People who decide. Of their key only the hash is kept.
CREATE TABLE operators (
    id          TEXT   PRIMARY KEY,
    name        TEXT   NOT NULL CONSTRAINT operators_name_unique UNIQUE,
    role        TEXT   NOT NULL CONSTRAINT operators_role_known CHECK (role IN ('mediator')),
    key_hash    BLOB  NOT NULL CONSTRAINT operators_key_unique UNIQUE,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

-- What a mediator decided. A large one is proposed first, and done or rejected
-- by another operator; one whose dispute ended otherwise has lapsed.
CREATE TABLE rulings (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    state       TEXT   NOT NULL CONSTRAINT rulings_state_known CHECK (state IN (
                    'proposed', 'done', 'rejected', 'lapsed')),
    to_seller   INTEGER NOT NULL CONSTRAINT rulings_to_seller_range CHECK (to_seller >= 0),
    reason      TEXT   NOT NULL,
    proposed_by TEXT   NOT NULL REFERENCES operators (id),
    proposed_at INTEGER NOT NULL,
    decided_by  TEXT   REFERENCES operators (id),
    decided_at  INTEGER,
    note        TEXT   NOT NULL,
    CONSTRAINT rulings_four_eyes CHECK (state <> 'done' OR decided_by IS NULL OR decided_by <> proposed_by)
) STRICT;
CREATE INDEX rulings_of_contract ON rulings (contract_id, proposed_at);
CREATE UNIQUE INDEX rulings_one_alive ON rulings (contract_id) WHERE state IN ('proposed', 'done');

-- What became of a payment shows in its transfers.
CREATE INDEX transfers_of_payment ON transfers (payment_id);

-- Who closed an item, and why.
ALTER TABLE operator_items ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE operator_items ADD COLUMN closed_why TEXT NOT NULL DEFAULT '';
CREATE INDEX operator_items_of_contract ON operator_items (contract_id);

-- +goose Down
DROP INDEX operator_items_of_contract;
ALTER TABLE operator_items DROP COLUMN closed_why;
ALTER TABLE operator_items DROP COLUMN closed_by;
DROP INDEX transfers_of_payment;
DROP TABLE rulings;
DROP TABLE operators;
DROP TABLE outages;
DROP TABLE pulse;
ALTER TABLE contracts DROP COLUMN cancel_tries;
ALTER TABLE contracts DROP COLUMN cancel_at;
ALTER TABLE contracts DROP COLUMN cancel_by;
DROP INDEX contracts_due;
ALTER TABLE contracts DROP COLUMN due_frozen;
ALTER TABLE contracts DROP COLUMN due_counted;
ALTER TABLE contracts DROP COLUMN due_armed;
ALTER TABLE contracts DROP COLUMN due_end;
ALTER TABLE contracts DROP COLUMN due_at;
ALTER TABLE contracts DROP COLUMN due_kind;
