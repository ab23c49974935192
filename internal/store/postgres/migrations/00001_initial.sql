-- The tables are those of the SQLite store, which says what they are for; the
-- numbers of the migrations are the same for both.
--
-- Times are milliseconds since 1970 in UTC; 0 stands for none. What is sorted
-- by text is sorted by its octets, whatever the database's own order.

-- +goose Up

CREATE TABLE head (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    event_seq   BIGINT NOT NULL,
    event_hash  BYTEA  NOT NULL,
    row_seq     BIGINT NOT NULL,
    change_seq  BIGINT NOT NULL
);

CREATE TABLE ca (
    name      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    revision  BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    parent    TEXT   NOT NULL,
    key_name  TEXT   NOT NULL,
    request   BYTEA,
    chain     TEXT   NOT NULL,
    settings  BYTEA,
    created   BIGINT NOT NULL
);

CREATE TABLE ticket (
    id               BIGINT PRIMARY KEY,
    ticket           TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('held', 'asked', 'issued', 'refused', 'withdrawn')),
    ca               TEXT    NOT NULL,
    profile          TEXT    NOT NULL,
    profile_version  TEXT    NOT NULL,
    format           TEXT    NOT NULL,
    requester        TEXT,
    idempotency_key  TEXT,
    fingerprint      BYTEA,
    key_fingerprint  BYTEA,
    subject          TEXT    NOT NULL,
    serial           BYTEA,
    replaces         BYTEA,
    created          BIGINT  NOT NULL,
    decided          BIGINT  NOT NULL,
    decider          TEXT    NOT NULL,
    request          BYTEA,
    asked            BYTEA,
    evidence         BYTEA,
    findings         BYTEA,
    changes          BYTEA,
    messages         BYTEA
);
CREATE UNIQUE INDEX ticket_ticket      ON ticket (ticket);
CREATE INDEX ticket_requester          ON ticket (requester)       WHERE requester IS NOT NULL;
CREATE INDEX ticket_unissued           ON ticket (state, decided)  WHERE state <> 'issued';

CREATE TABLE certificate (
    id               BIGINT PRIMARY KEY,
    ca               TEXT    NOT NULL,
    serial           BYTEA   NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('valid', 'hold', 'revoked')),
    fingerprint      BYTEA   NOT NULL,
    key_fingerprint  BYTEA,
    key_hash         BIGINT  NOT NULL,
    subject          TEXT    NOT NULL,
    subject_key      BYTEA,
    names            TEXT,
    folded           TEXT    NOT NULL,
    not_before       BIGINT  NOT NULL,
    not_after        BIGINT  NOT NULL,
    profile          TEXT    NOT NULL,
    profile_version  TEXT    NOT NULL,
    requester        TEXT,
    ticket           TEXT,
    replaces         BYTEA,
    shard            BIGINT  NOT NULL,
    revoked          BIGINT  NOT NULL,
    reason           BIGINT  NOT NULL,
    invalid          BIGINT  NOT NULL,
    issued           BIGINT  NOT NULL
);
CREATE INDEX certificate_revoked_key   ON certificate (key_hash)  WHERE status <> 'valid';
CREATE INDEX certificate_expiry        ON certificate (not_after);
CREATE INDEX certificate_ticket        ON certificate (ticket)    WHERE ticket IS NOT NULL;
CREATE INDEX certificate_requester     ON certificate (requester) WHERE requester IS NOT NULL;
CREATE INDEX certificate_profile       ON certificate (profile);

CREATE TABLE serial_number (
    hash BIGINT PRIMARY KEY,
    id   BIGINT NOT NULL
);

CREATE TABLE idempotency (
    hash BIGINT PRIMARY KEY,
    id   BIGINT NOT NULL
);

CREATE TABLE certificate_der (
    id  BIGINT PRIMARY KEY,
    der BYTEA NOT NULL
);

CREATE TABLE lookup (
    part BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL,
    PRIMARY KEY (part, hash, id)
);

CREATE TABLE revocation (
    ca        TEXT   NOT NULL,
    serial    BYTEA  NOT NULL,
    shard     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    reason    BIGINT NOT NULL,
    invalid   BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    PRIMARY KEY (ca, serial)
);
CREATE INDEX revocation_changed ON revocation (ca, changed);

CREATE TABLE crl (
    ca          TEXT   NOT NULL,
    number      BIGINT NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('full', 'delta')),
    shard       BIGINT NOT NULL,
    base        BIGINT NOT NULL,
    mark        BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    entries     BIGINT NOT NULL,
    PRIMARY KEY (ca, number)
);

CREATE TABLE crl_part (
    ca     TEXT   NOT NULL,
    number BIGINT NOT NULL,
    part   BIGINT NOT NULL,
    der    BYTEA  NOT NULL,
    PRIMARY KEY (ca, number, part)
);

CREATE TABLE event (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    detail   BYTEA,
    previous BYTEA  NOT NULL,
    hash     BYTEA  NOT NULL
);

INSERT INTO head (id, event_seq, event_hash, row_seq, change_seq) VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0, 0);
