-- +goose Up

-- People. The number is encrypted; look-up goes by a keyed hash, and every
-- other table knows a person by id only, so that one can be erased while the
-- trail of the money stays.
CREATE TABLE parties (
    id           TEXT   PRIMARY KEY,
    phone_hash   BLOB  NOT NULL CONSTRAINT parties_phone_unique UNIQUE,
    phone_sealed BLOB  NOT NULL,
    name_sealed  BLOB  NOT NULL,
    language     TEXT   NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- Times are microseconds since 1970 in UTC on both engines.
CREATE TABLE contracts (
    id            TEXT   PRIMARY KEY,
    ref           TEXT   NOT NULL,
    state         TEXT   NOT NULL CONSTRAINT contracts_state_known CHECK (state IN (
                      'pending', 'confirmed', 'payment_locked', 'delivered', 'accepted',
                      'completed', 'disputed', 'cancelled', 'expired', 'resolved')),
    version       INTEGER NOT NULL,
    proposer      TEXT   NOT NULL CONSTRAINT contracts_proposer_known CHECK (proposer IN ('buyer', 'seller')),
    buyer_id      TEXT   NOT NULL REFERENCES parties (id),
    seller_id     TEXT   NOT NULL REFERENCES parties (id),
    item          TEXT   NOT NULL,
    amount        INTEGER NOT NULL CONSTRAINT contracts_amount_range CHECK (amount BETWEEN 1000 AND 25000000),
    deliver_by    INTEGER NOT NULL,
    terms_hash    BLOB,
    disputed_from TEXT   NOT NULL,
    disputed_by   TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    code_tries    INTEGER NOT NULL,
    chain_seq     INTEGER NOT NULL,
    chain_head    BLOB,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    CONSTRAINT contracts_two_people CHECK (buyer_id <> seller_id)
) STRICT;
CREATE INDEX contracts_of_buyer ON contracts (buyer_id, created_at);
CREATE INDEX contracts_of_seller ON contracts (seller_id, created_at);
CREATE INDEX contracts_open_of_buyer ON contracts (buyer_id)
    WHERE state NOT IN ('completed', 'cancelled', 'expired', 'resolved');
CREATE INDEX contracts_open_of_seller ON contracts (seller_id)
    WHERE state NOT IN ('completed', 'cancelled', 'expired', 'resolved');

-- Who owns a short reference. It is free again only some time after its
-- contract ended, so that an old message never acts on a new deal.
CREATE TABLE contract_refs (
    ref         TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL,
    free_after  INTEGER
) STRICT;

CREATE TABLE payments (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    payer_id    TEXT   NOT NULL REFERENCES parties (id),
    amount      INTEGER NOT NULL CONSTRAINT payments_amount_positive CHECK (amount > 0),
    status      TEXT   NOT NULL CONSTRAINT payments_status_known CHECK (status IN (
                    'pending', 'locked', 'released', 'refunded', 'failed')),
    receipt     TEXT   CONSTRAINT payments_receipt_unique UNIQUE,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_of_contract ON payments (contract_id, created_at);
-- A contract is paid once. A refunded payment does not count: money that came
-- too late goes back beside the payment that was in time.
CREATE UNIQUE INDEX payments_one_held ON payments (contract_id) WHERE status IN ('locked', 'released');

CREATE TABLE transfers (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    payment_id  TEXT   NOT NULL REFERENCES payments (id),
    kind        TEXT   NOT NULL CONSTRAINT transfers_kind_known CHECK (kind IN ('collect', 'payout', 'refund')),
    state       TEXT   NOT NULL CONSTRAINT transfers_state_known CHECK (state IN (
                    'created', 'submitted', 'accepted', 'succeeded', 'failed', 'unknown')),
    version     INTEGER NOT NULL,
    party_id    TEXT   NOT NULL REFERENCES parties (id),
    amount      INTEGER NOT NULL CONSTRAINT transfers_amount_positive CHECK (amount > 0),
    ref         TEXT   NOT NULL,
    provider_id_sealed BLOB   NOT NULL,
    receipt     TEXT   NOT NULL,
    result_code TEXT   NOT NULL,
    looks       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    submitted_at INTEGER,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX transfers_of_contract ON transfers (contract_id);
CREATE INDEX transfers_under_way ON transfers (updated_at) WHERE state NOT IN ('succeeded', 'failed');
-- One open prompt per contract and per phone: a second one could be paid too.
CREATE UNIQUE INDEX transfers_one_prompt_per_contract ON transfers (contract_id)
    WHERE kind = 'collect' AND state NOT IN ('succeeded', 'failed');
CREATE UNIQUE INDEX transfers_one_prompt_per_phone ON transfers (party_id)
    WHERE kind = 'collect' AND state NOT IN ('succeeded', 'failed');
-- A payment leaves us once, to whomever it may be.
CREATE UNIQUE INDEX transfers_one_way_out ON transfers (payment_id)
    WHERE kind IN ('payout', 'refund') AND state <> 'failed';

-- The double-entry ledger: the entries of a posting sum to zero.
CREATE TABLE postings (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    transfer_id TEXT,
    reason      TEXT   NOT NULL,
    at          INTEGER NOT NULL,
    CONSTRAINT postings_once_per_transfer UNIQUE (transfer_id, reason)
) STRICT;
CREATE INDEX postings_of_contract ON postings (contract_id);
CREATE TABLE entries (
    posting_id TEXT   NOT NULL REFERENCES postings (id),
    line       INTEGER NOT NULL,
    account    TEXT   NOT NULL,
    amount     INTEGER NOT NULL CONSTRAINT entries_move_something CHECK (amount <> 0),
    PRIMARY KEY (posting_id, line)
) STRICT;
CREATE INDEX entries_of_account ON entries (account);

CREATE TABLE audit_events (
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    seq         INTEGER NOT NULL,
    id          TEXT   NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    event       TEXT   NOT NULL,
    from_state  TEXT   NOT NULL,
    to_state    TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    prev        BLOB,
    hash        BLOB  NOT NULL,
    PRIMARY KEY (contract_id, seq)
) STRICT;

-- What has been done under which idempotency key, written in the transaction
-- of the effect; refusal is the answer of a request that was refused and yet
-- counted (a wrong release code).
CREATE TABLE idempotency_keys (
    key         TEXT   PRIMARY KEY,
    input_hash  BLOB  NOT NULL,
    contract_id TEXT,
    refusal     TEXT   NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
    id          TEXT   PRIMARY KEY,
    party_id    TEXT   NOT NULL REFERENCES parties (id),
    contract_id TEXT,
    template    TEXT   NOT NULL,
    params      TEXT   NOT NULL,
    state       TEXT   NOT NULL CONSTRAINT messages_state_known CHECK (state IN (
                    'queued', 'sending', 'sent', 'delivered', 'failed', 'unknown')),
    provider_id TEXT   NOT NULL,
    cost        TEXT   NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_of_contract ON messages (contract_id, created_at);
CREATE INDEX messages_of_provider ON messages (provider_id) WHERE provider_id <> '';

-- Every callback as it came, encrypted, stored before it is answered.
CREATE TABLE inbox (
    id          TEXT   PRIMARY KEY,
    kind        TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    body_hash   BLOB  NOT NULL,
    body_sealed BLOB  NOT NULL,
    received_at INTEGER NOT NULL,
    worked_at   INTEGER,
    CONSTRAINT inbox_once UNIQUE (kind, key)
) STRICT;

-- What tells at the start whether the keys are those that the data was sealed with.
CREATE TABLE key_checks (
    name  TEXT PRIMARY KEY,
    value BLOB  NOT NULL
) STRICT;

-- What only a person can settle. One open item per cause.
CREATE TABLE operator_items (
    id          TEXT   PRIMARY KEY,
    kind        TEXT   NOT NULL,
    contract_id TEXT   NOT NULL,
    transfer_id TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    opened_at   INTEGER NOT NULL,
    closed_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX operator_items_one_open ON operator_items (kind, contract_id, transfer_id)
    WHERE closed_at IS NULL;

-- +goose Down
DROP TABLE operator_items;
DROP TABLE key_checks;
DROP TABLE inbox;
DROP TABLE messages;
DROP TABLE idempotency_keys;
DROP TABLE audit_events;
DROP TABLE entries;
DROP TABLE postings;
DROP TABLE transfers;
DROP TABLE payments;
DROP TABLE contract_refs;
DROP TABLE contracts;
DROP TABLE parties;
