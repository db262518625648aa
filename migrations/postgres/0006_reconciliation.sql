-- +goose Up

-- What each comparison of our books with the provider's found.
CREATE TABLE reconciliations (
    id     UUID PRIMARY KEY,
    at     BIGINT NOT NULL,
    clean  BIGINT NOT NULL CONSTRAINT reconciliations_clean_known CHECK (clean IN (0, 1)),
    report TEXT NOT NULL
);
CREATE INDEX reconciliations_by_time ON reconciliations (at);
CREATE INDEX receipts_by_time ON receipts (at);

-- +goose Down
DROP INDEX receipts_by_time;
DROP TABLE reconciliations;
