-- +goose Up

-- Since when a person wants no reminders; nothing where they do.
ALTER TABLE parties ADD COLUMN silent_since BIGINT;

-- Why a message was not taken or did not arrive, or which way it went; and the
-- message with which it was sent in one request.
ALTER TABLE messages ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN batch UUID;
CREATE INDEX messages_waiting ON messages (template, created_at) WHERE state = 'queued';

-- +goose Down
DROP INDEX messages_waiting;
ALTER TABLE messages DROP COLUMN batch;
ALTER TABLE messages DROP COLUMN note;
ALTER TABLE parties DROP COLUMN silent_since;
