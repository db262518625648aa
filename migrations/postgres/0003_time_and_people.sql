-- +goose Up

-- What falls due on a contract by itself. Times of jobs may be lost with their
-- jobs; these are the truth. due_end is when a right is lost, due_at the next
-- thing to do before it; due_frozen is since when a dispute stops both.
ALTER TABLE contracts ADD COLUMN due_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN due_at BIGINT;
ALTER TABLE contracts ADD COLUMN due_end BIGINT;
ALTER TABLE contracts ADD COLUMN due_armed BIGINT;
ALTER TABLE contracts ADD COLUMN due_counted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contracts ADD COLUMN due_frozen BIGINT;
CREATE INDEX contracts_due ON contracts (due_at) WHERE due_at IS NOT NULL AND due_frozen IS NULL;

-- Who asked to call off a contract whose money is held, when, and how many wrong
-- codes the other side has given.
ALTER TABLE contracts ADD COLUMN cancel_by TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN cancel_at BIGINT;
ALTER TABLE contracts ADD COLUMN cancel_tries BIGINT NOT NULL DEFAULT 0;

-- Contracts that are open already get their whole time from now on.
UPDATE contracts SET due_kind = 'expire', due_armed = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT,
    due_at = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 172800000000, due_end = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 172800000000
WHERE state IN ('pending', 'confirmed');
UPDATE contracts SET due_kind = 'warn_first', due_armed = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT,
    due_at = GREATEST(deliver_by, (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT) + 28800000000, due_end = GREATEST(deliver_by, (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT) + 259200000000
WHERE state = 'payment_locked';
UPDATE contracts SET due_kind = 'inspect_half', due_armed = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT,
    due_at = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 129600000000, due_end = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 259200000000
WHERE state = 'delivered';
UPDATE contracts SET due_kind = 'confirm_first', due_armed = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT,
    due_at = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 86400000000, due_end = (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT + 432000000000
WHERE state = 'accepted';

-- When the service was last seen to work, and when it was not: deadlines are
-- longer by the time that we were down.
CREATE TABLE pulse (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);
CREATE TABLE outages (
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (began_at, ended_at),
    CONSTRAINT outages_forwards CHECK (began_at < ended_at)
);
CREATE INDEX outages_by_end ON outages (ended_at);

-- People who decide. Of their key only the hash is kept.
CREATE TABLE operators (
    id          UUID   PRIMARY KEY,
    name        TEXT   NOT NULL CONSTRAINT operators_name_unique UNIQUE,
    role        TEXT   NOT NULL CONSTRAINT operators_role_known CHECK (role IN ('mediator')),
    key_hash    BYTEA  NOT NULL CONSTRAINT operators_key_unique UNIQUE,
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT
);

-- What a mediator decided. A large one is proposed first, and done or rejected
-- by another operator; one whose dispute ended otherwise has lapsed.
CREATE TABLE rulings (
    id          UUID   PRIMARY KEY,
    contract_id UUID   NOT NULL REFERENCES contracts (id),
    state       TEXT   NOT NULL CONSTRAINT rulings_state_known CHECK (state IN (
                    'proposed', 'done', 'rejected', 'lapsed')),
    to_seller   BIGINT NOT NULL CONSTRAINT rulings_to_seller_range CHECK (to_seller >= 0),
    reason      TEXT   NOT NULL,
    proposed_by UUID   NOT NULL REFERENCES operators (id),
    proposed_at BIGINT NOT NULL,
    decided_by  UUID   REFERENCES operators (id),
    decided_at  BIGINT,
    note        TEXT   NOT NULL,
    CONSTRAINT rulings_four_eyes CHECK (state <> 'done' OR decided_by IS NULL OR decided_by <> proposed_by)
);
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
