-- +goose Up

CREATE TABLE record (
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    owner    TEXT,
    name     TEXT,
    state    TEXT,
    due      BIGINT,
    body     BYTEA,
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX record_name ON record (kind, name)      WHERE name IS NOT NULL;
CREATE INDEX record_owner       ON record (kind, owner, id) WHERE owner IS NOT NULL;
CREATE INDEX record_state       ON record (kind, state, id) WHERE state IS NOT NULL;
CREATE INDEX record_due         ON record (kind, due)       WHERE due IS NOT NULL;
