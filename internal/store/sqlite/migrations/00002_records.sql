-- What front doors remember. What a record lacks is NULL, which the indexes
-- leave out.

-- +goose Up

CREATE TABLE record (
    kind     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    owner    TEXT,
    name     TEXT,
    state    TEXT,
    due      BIGINT,
    body     BLOB,
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX record_name ON record (kind, name)      WHERE name IS NOT NULL;
CREATE INDEX record_owner       ON record (kind, owner, id) WHERE owner IS NOT NULL;
CREATE INDEX record_state       ON record (kind, state, id) WHERE state IS NOT NULL;
CREATE INDEX record_due         ON record (kind, due)       WHERE due IS NOT NULL;

PRAGMA user_version = 2;
