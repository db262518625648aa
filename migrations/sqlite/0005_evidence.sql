-- +goose Up

-- What parties and mediators bind themselves by is signed with the service's key.
ALTER TABLE audit_events ADD COLUMN signature BLOB;
ALTER TABLE audit_events ADD COLUMN signed_by TEXT NOT NULL DEFAULT '';

-- The trail and the books are written once. Whoever owns the database can still
-- drop a trigger; then the hash chain and the signatures tell.

-- +goose StatementBegin
CREATE TRIGGER append_only_audit_events_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_audit_events_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_postings_update BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_postings_delete BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_entries_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER append_only_entries_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER append_only_entries_delete;
DROP TRIGGER append_only_entries_update;
DROP TRIGGER append_only_postings_delete;
DROP TRIGGER append_only_postings_update;
DROP TRIGGER append_only_audit_events_delete;
DROP TRIGGER append_only_audit_events_update;
ALTER TABLE audit_events DROP COLUMN signed_by;
ALTER TABLE audit_events DROP COLUMN signature;
