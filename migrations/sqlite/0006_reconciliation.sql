-- +goose Up

-- What each comparison of our books with the provider's found.
CREATE TABLE reconciliations (
    id     TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    clean  INTEGER NOT NULL CONSTRAINT reconciliations_clean_known CHECK (clean IN (0, 1)),
    report TEXT NOT NULL
) STRICT;
CREATE INDEX reconciliations_by_time ON reconciliations (at);
CREATE INDEX receipts_by_time ON receipts (at);

-- +goose Down
DROP INDEX receipts_by_time;
DROP TABLE reconciliations;
