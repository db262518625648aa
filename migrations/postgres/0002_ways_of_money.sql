-- +goose Up

-- By which service of the provider a transfer goes, what a reversal undoes, how
-- often the same money was ordered, and when it may leave at the earliest.
ALTER TABLE transfers ADD COLUMN method TEXT NOT NULL DEFAULT 'b2c'
    CONSTRAINT transfers_method_known CHECK (method IN ('stk', 'paybill', 'b2c', 'reversal'));
UPDATE transfers SET method = 'stk' WHERE kind = 'collect';
ALTER TABLE transfers ADD COLUMN original TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN attempt BIGINT NOT NULL DEFAULT 1;
ALTER TABLE transfers ADD COLUMN not_before BIGINT;

-- A payment leaves us once to each side: a mediator can split it.
DROP INDEX transfers_one_way_out;
CREATE UNIQUE INDEX transfers_one_way_out ON transfers (payment_id, kind)
    WHERE kind IN ('payout', 'refund') AND state <> 'failed';

-- +goose Down
DROP INDEX transfers_one_way_out;
CREATE UNIQUE INDEX transfers_one_way_out ON transfers (payment_id)
    WHERE kind IN ('payout', 'refund') AND state <> 'failed';
ALTER TABLE transfers DROP COLUMN not_before;
ALTER TABLE transfers DROP COLUMN attempt;
ALTER TABLE transfers DROP COLUMN original;
ALTER TABLE transfers DROP COLUMN method;
