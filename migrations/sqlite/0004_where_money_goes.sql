-- +goose Up

-- Every M-Pesa receipt that counts, once: the one key over callbacks, PayBill
-- confirmations, queries and the statement, which all tell of the same payment.
-- transfer_id is empty while nobody knows what the money is for.
CREATE TABLE receipts (
    receipt     TEXT   PRIMARY KEY,
    transfer_id TEXT   REFERENCES transfers (id),
    contract_id TEXT   REFERENCES contracts (id),
    amount      INTEGER NOT NULL CONSTRAINT receipts_amount_positive CHECK (amount > 0),
    channel     TEXT   NOT NULL,
    from_buyer  INTEGER NOT NULL CONSTRAINT receipts_from_buyer_known CHECK (from_buyer IN (0, 1)),
    at          INTEGER NOT NULL
) STRICT;
INSERT INTO receipts (receipt, transfer_id, contract_id, amount, channel, from_buyer, at)
SELECT t.receipt, t.id, t.contract_id, t.amount, 'callback', 1, t.updated_at
FROM transfers t
WHERE t.receipt <> '' AND t.state = 'succeeded';
DELETE FROM idempotency_keys WHERE key LIKE 'receipt:%';

-- Money that came for no contract anyone can name, until a person assigns it or
-- gives it back. Who paid is encrypted.
CREATE TABLE strays (
    receipt      TEXT   PRIMARY KEY REFERENCES receipts (receipt),
    amount       INTEGER NOT NULL CONSTRAINT strays_amount_positive CHECK (amount > 0),
    account      TEXT   NOT NULL,
    payer_sealed BLOB   NOT NULL,
    name_sealed  BLOB   NOT NULL,
    at           INTEGER NOT NULL,
    state        TEXT   NOT NULL CONSTRAINT strays_state_known CHECK (state IN ('open', 'assigned', 'returned')),
    reversal     TEXT   NOT NULL,
    closed_by    TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    closed_at    INTEGER
) STRICT;
CREATE INDEX strays_open ON strays (at) WHERE state = 'open';

-- A posting about a stray is about no contract. SQLite cannot loosen a column, so both
-- tables are made anew: entries too, because they refer to postings.
CREATE TABLE postings_new (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   REFERENCES contracts (id),
    transfer_id TEXT,
    reason      TEXT   NOT NULL,
    at          INTEGER NOT NULL,
    CONSTRAINT postings_once_per_transfer UNIQUE (transfer_id, reason)
) STRICT;
INSERT INTO postings_new SELECT id, contract_id, transfer_id, reason, at FROM postings;
CREATE TABLE entries_new (
    posting_id TEXT   NOT NULL REFERENCES postings_new (id),
    line       INTEGER NOT NULL,
    account    TEXT   NOT NULL,
    amount     INTEGER NOT NULL CONSTRAINT entries_move_something CHECK (amount <> 0),
    PRIMARY KEY (posting_id, line)
) STRICT;
INSERT INTO entries_new SELECT posting_id, line, account, amount FROM entries;
DROP TABLE entries;
DROP TABLE postings;
ALTER TABLE postings_new RENAME TO postings;
ALTER TABLE entries_new RENAME TO entries;
CREATE INDEX postings_of_contract ON postings (contract_id);
CREATE INDEX entries_of_account ON entries (account);

-- Why a payment was not kept; empty where it was.
ALTER TABLE payments ADD COLUMN bounced TEXT NOT NULL DEFAULT '';

-- What the service takes, and from whom: fixed with the proposal.
ALTER TABLE contracts ADD COLUMN fee INTEGER NOT NULL DEFAULT 0
    CONSTRAINT contracts_fee_range CHECK (fee BETWEEN 0 AND 25000000);
ALTER TABLE contracts ADD COLUMN fee_payer TEXT NOT NULL DEFAULT ''
    CONSTRAINT contracts_fee_payer_known CHECK (fee_payer IN ('', 'buyer', 'seller'));

-- Why nothing is paid out: one row per cause, which holds while lifted_at is
-- empty. probed_at is when one transfer was last let through to see.
CREATE TABLE halts (
    kind      TEXT   PRIMARY KEY CONSTRAINT halts_kind_known CHECK (kind IN ('initiator', 'float')),
    since     INTEGER NOT NULL,
    reason    TEXT   NOT NULL,
    probed_at INTEGER NOT NULL,
    lifted_at INTEGER,
    lifted_by TEXT   NOT NULL
) STRICT;
-- The prompt that was last sent to a phone says when the next may be.
CREATE INDEX transfers_prompts_of_phone ON transfers (party_id, submitted_at)
    WHERE method = 'stk' AND submitted_at IS NOT NULL;
CREATE INDEX transfers_waiting ON transfers (created_at) WHERE state = 'created';

-- What M-Pesa said stood on our accounts, and when.
CREATE TABLE provider_balances (
    account   TEXT   NOT NULL,
    at        INTEGER NOT NULL,
    current   INTEGER NOT NULL,
    available INTEGER NOT NULL,
    PRIMARY KEY (account, at)
) STRICT;

-- What M-Pesa charges, in cents, for an amount of min to max cents, from a day on.
CREATE TABLE tariffs (
    service    TEXT   NOT NULL,
    valid_from INTEGER NOT NULL,
    min_amount INTEGER NOT NULL,
    max_amount INTEGER NOT NULL,
    fee        INTEGER NOT NULL,
    PRIMARY KEY (service, valid_from, min_amount)
) STRICT;
-- Since the excise change of 1 July 2023, 00:00 in Nairobi. Rows of b2c above
-- 15,000 shillings are inferred; the contract with Safaricom decides. paybill is
-- the whole charge, whoever bears it.
INSERT INTO tariffs (service, valid_from, min_amount, max_amount, fee) VALUES
    ('b2c', 1688158800000000, 1000, 10000, 0),
    ('b2c', 1688158800000000, 10100, 150000, 500),
    ('b2c', 1688158800000000, 150100, 500000, 900),
    ('b2c', 1688158800000000, 500100, 1500000, 1100),
    ('b2c', 1688158800000000, 1500100, 2000000, 1100),
    ('b2c', 1688158800000000, 2000100, 25000000, 1300),
    ('paybill', 1688158800000000, 100, 4900, 0),
    ('paybill', 1688158800000000, 5000, 10000, 0),
    ('paybill', 1688158800000000, 10100, 50000, 500),
    ('paybill', 1688158800000000, 50100, 100000, 1000),
    ('paybill', 1688158800000000, 100100, 150000, 1500),
    ('paybill', 1688158800000000, 150100, 250000, 2000),
    ('paybill', 1688158800000000, 250100, 350000, 2500),
    ('paybill', 1688158800000000, 350100, 500000, 3400),
    ('paybill', 1688158800000000, 500100, 750000, 4200),
    ('paybill', 1688158800000000, 750100, 1000000, 4800),
    ('paybill', 1688158800000000, 1000100, 1500000, 5700),
    ('paybill', 1688158800000000, 1500100, 2000000, 6200),
    ('paybill', 1688158800000000, 2000100, 2500000, 6700),
    ('paybill', 1688158800000000, 2500100, 3000000, 7200),
    ('paybill', 1688158800000000, 3000100, 3500000, 8300),
    ('paybill', 1688158800000000, 3500100, 4000000, 9900),
    ('paybill', 1688158800000000, 4000100, 4500000, 10300),
    ('paybill', 1688158800000000, 4500100, 5000000, 10800),
    ('paybill', 1688158800000000, 5000100, 7000000, 10800),
    ('paybill', 1688158800000000, 7000100, 25000000, 10800);

-- When a success was first told that we have not been able to confirm.
CREATE TABLE doubts (
    key   TEXT   PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE doubts;
DROP TABLE tariffs;
DROP TABLE provider_balances;
DROP TABLE halts;
DROP TABLE strays;
DROP TABLE receipts;
DROP INDEX transfers_waiting;
DROP INDEX transfers_prompts_of_phone;
ALTER TABLE contracts DROP COLUMN fee_payer;
ALTER TABLE contracts DROP COLUMN fee;
ALTER TABLE payments DROP COLUMN bounced;
DELETE FROM entries WHERE posting_id IN (SELECT id FROM postings WHERE contract_id IS NULL);
DELETE FROM postings WHERE contract_id IS NULL;
CREATE TABLE postings_old (
    id          TEXT   PRIMARY KEY,
    contract_id TEXT   NOT NULL REFERENCES contracts (id),
    transfer_id TEXT,
    reason      TEXT   NOT NULL,
    at          INTEGER NOT NULL,
    CONSTRAINT postings_once_per_transfer UNIQUE (transfer_id, reason)
) STRICT;
INSERT INTO postings_old SELECT id, contract_id, transfer_id, reason, at FROM postings;
CREATE TABLE entries_old (
    posting_id TEXT   NOT NULL REFERENCES postings_old (id),
    line       INTEGER NOT NULL,
    account    TEXT   NOT NULL,
    amount     INTEGER NOT NULL CONSTRAINT entries_move_something CHECK (amount <> 0),
    PRIMARY KEY (posting_id, line)
) STRICT;
INSERT INTO entries_old SELECT posting_id, line, account, amount FROM entries;
DROP TABLE entries;
DROP TABLE postings;
ALTER TABLE postings_old RENAME TO postings;
ALTER TABLE entries_old RENAME TO entries;
CREATE INDEX postings_of_contract ON postings (contract_id);
CREATE INDEX entries_of_account ON entries (account);
