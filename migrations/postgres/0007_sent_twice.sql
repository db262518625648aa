-- +goose Up

-- Whether an earlier sending of a transfer, of which nothing was known, may still
-- be done.
ALTER TABLE transfers ADD COLUMN resent BIGINT NOT NULL DEFAULT 0
    CONSTRAINT transfers_resent_known CHECK (resent IN (0, 1));

-- +goose Down
ALTER TABLE transfers DROP COLUMN resent;
