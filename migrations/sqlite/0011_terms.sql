-- +goose Up

-- Terms that may be left out, and when one side last reminded the other.
ALTER TABLE contracts ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN quality TEXT NOT NULL DEFAULT '';
ALTER TABLE contracts ADD COLUMN reminded_at INTEGER;

-- +goose Down
ALTER TABLE contracts DROP COLUMN reminded_at;
ALTER TABLE contracts DROP COLUMN quality;
ALTER TABLE contracts DROP COLUMN place;
