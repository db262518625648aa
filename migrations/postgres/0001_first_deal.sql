-- +goose Up

-- People. The number is encrypted; look-up goes by a keyed hash, and every
-- other table knows a person by id only, so that one can be erased while the
-- trail of the money stays.
CREATE TABLE parties (
    id           UUID   PRIMARY KEY,
    phone_hash   BYTEA  NOT NULL CONSTRAINT parties_phone_unique UNIQUE,
    phone_sealed BYTEA  NOT NULL,
    name_sealed  BYTEA  NOT NULL,
    language     TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

-- Times are microseconds since 1970 in UTC on both engines.
CREATE TABLE contracts (
    id            UUID   PRIMARY KEY,
    ref           TEXT   NOT NULL,
    state         TEXT   NOT NULL CONSTRAINT contracts_state_known CHECK (state IN (
                      'pending', 'confirmed', 'payment_locked', 'delivered', 'accepted',
                      'completed', 'disputed', 'cancelled', 'expired', 'resolved')),
    version       BIGINT NOT NULL,
    proposer      TEXT   NOT NULL CONSTRAINT contracts_proposer_known CHECK (proposer IN ('buyer', 'seller')),
    buyer_id      UUID   NOT NULL REFERENCES parties (id),
    seller_id     UUID   NOT NULL REFERENCES parties (id),
    item          TEXT   NOT NULL,
    amount        BIGINT NOT NULL CONSTRAINT contracts_amount_range CHECK (amount BETWEEN 1000 AND 25000000),
    deliver_by    BIGINT NOT NULL,
    terms_hash    BYTEA,
    disputed_from TEXT   NOT NULL,
    disputed_by   TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    code_tries    BIGINT NOT NULL,
    chain_seq     BIGINT NOT NULL,
    chain_head    BYTEA,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    CONSTRAINT contracts_two_people CHECK (buyer_id <> seller_id)
);
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
    contract_id UUID NOT NULL,
    free_after  BIGINT
);

CREATE TABLE payments (
    id          UUID   PRIMARY KEY,
    contract_id UUID   NOT NULL REFERENCES contracts (id),
    payer_id    UUID   NOT NULL REFERENCES parties (id),
    amount      BIGINT NOT NULL CONSTRAINT payments_amount_positive CHECK (amount > 0),
    status      TEXT   NOT NULL CONSTRAINT payments_status_known CHECK (status IN (
                    'pending', 'locked', 'released', 'refunded', 'failed')),
    receipt     TEXT   CONSTRAINT payments_receipt_unique UNIQUE,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX payments_of_contract ON payments (contract_id, created_at);
-- A contract is paid once. A refunded payment does not count: money that came
-- too late goes back beside the payment that was in time.
CREATE UNIQUE INDEX payments_one_held ON payments (contract_id) WHERE status IN ('locked', 'released');

CREATE TABLE transfers (
    id          UUID   PRIMARY KEY,
    contract_id UUID   NOT NULL REFERENCES contracts (id),
    payment_id  UUID   NOT NULL REFERENCES payments (id),
    kind        TEXT   NOT NULL CONSTRAINT transfers_kind_known CHECK (kind IN ('collect', 'payout', 'refund')),
    state       TEXT   NOT NULL CONSTRAINT transfers_state_known CHECK (state IN (
                    'created', 'submitted', 'accepted', 'succeeded', 'failed', 'unknown')),
    version     BIGINT NOT NULL,
    party_id    UUID   NOT NULL REFERENCES parties (id),
    amount      BIGINT NOT NULL CONSTRAINT transfers_amount_positive CHECK (amount > 0),
    ref         TEXT   NOT NULL,
    provider_id_sealed BYTEA  NOT NULL,
    receipt     TEXT   NOT NULL,
    result_code TEXT   NOT NULL,
    looks       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    submitted_at BIGINT,
    updated_at  BIGINT NOT NULL
);
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
    id          UUID   PRIMARY KEY,
    contract_id UUID   NOT NULL REFERENCES contracts (id),
    transfer_id UUID,
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    CONSTRAINT postings_once_per_transfer UNIQUE (transfer_id, reason)
);
CREATE INDEX postings_of_contract ON postings (contract_id);
CREATE TABLE entries (
    posting_id UUID   NOT NULL REFERENCES postings (id),
    line       BIGINT NOT NULL,
    account    TEXT   NOT NULL,
    amount     BIGINT NOT NULL CONSTRAINT entries_move_something CHECK (amount <> 0),
    PRIMARY KEY (posting_id, line)
);
CREATE INDEX entries_of_account ON entries (account);

CREATE TABLE audit_events (
    contract_id UUID   NOT NULL REFERENCES contracts (id),
    seq         BIGINT NOT NULL,
    id          UUID   NOT NULL,
    at          BIGINT NOT NULL,
    actor       UUID   NOT NULL,
    channel     TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    event       TEXT   NOT NULL,
    from_state  TEXT   NOT NULL,
    to_state    TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    prev        BYTEA,
    hash        BYTEA  NOT NULL,
    PRIMARY KEY (contract_id, seq)
);

-- What has been done under which idempotency key, written in the transaction
-- of the effect; refusal is the answer of a request that was refused and yet
-- counted (a wrong release code).
CREATE TABLE idempotency_keys (
    key         TEXT   PRIMARY KEY,
    input_hash  BYTEA  NOT NULL,
    contract_id UUID,
    refusal     TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

CREATE TABLE messages (
    id          UUID   PRIMARY KEY,
    party_id    UUID   NOT NULL REFERENCES parties (id),
    contract_id UUID,
    template    TEXT   NOT NULL,
    params      TEXT   NOT NULL,
    state       TEXT   NOT NULL CONSTRAINT messages_state_known CHECK (state IN (
                    'queued', 'sending', 'sent', 'delivered', 'failed', 'unknown')),
    provider_id TEXT   NOT NULL,
    cost        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX messages_of_contract ON messages (contract_id, created_at);
CREATE INDEX messages_of_provider ON messages (provider_id) WHERE provider_id <> '';

-- Every callback as it came, encrypted, stored before it is answered.
CREATE TABLE inbox (
    id          UUID   PRIMARY KEY,
    kind        TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    body_hash   BYTEA  NOT NULL,
    body_sealed BYTEA  NOT NULL,
    received_at BIGINT NOT NULL,
    worked_at   BIGINT,
    CONSTRAINT inbox_once UNIQUE (kind, key)
);

-- What tells at the start whether the keys are those that the data was sealed with.
CREATE TABLE key_checks (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- What only a person can settle. One open item per cause.
CREATE TABLE operator_items (
    id          UUID   PRIMARY KEY,
    kind        TEXT   NOT NULL,
    contract_id UUID   NOT NULL,
    transfer_id UUID   NOT NULL,
    note        TEXT   NOT NULL,
    opened_at   BIGINT NOT NULL,
    closed_at   BIGINT
);
CREATE UNIQUE INDEX operator_items_one_open ON operator_items (kind, contract_id, transfer_id)
    WHERE closed_at IS NULL;

-- +goose Down
DROP TABLE operator_items, key_checks, inbox, messages, idempotency_keys, audit_events, entries, postings,
    transfers, payments, contract_refs, contracts, parties;
