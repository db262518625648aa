-- +goose Up

-- What parties and mediators bind themselves by is signed with the service's key.
ALTER TABLE audit_events ADD COLUMN signature BYTEA;
ALTER TABLE audit_events ADD COLUMN signed_by TEXT NOT NULL DEFAULT '';

-- The trail and the books are written once. Whoever owns the database can still
-- drop a trigger; then the hash chain and the signatures tell. Every table with
-- a trigger of this name is withheld from the role that serves: see
-- `voicepact migrate --app-role`.

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER append_only ON entries;
DROP TRIGGER append_only ON postings;
DROP TRIGGER append_only ON audit_events;
DROP FUNCTION refuse_change();
ALTER TABLE audit_events DROP COLUMN signed_by;
ALTER TABLE audit_events DROP COLUMN signature;
