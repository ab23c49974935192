-- Times are milliseconds since 1970 in UTC; 0 stands for none.
--
-- An index of random order costs a page of writing for every row, once it is
-- large. So there are two only, as small as can be, that hold what must be
-- unique: serial_number and idempotency. What is merely looked up
-- (fingerprints, keys, names) is in the table lookup, whose order begins with
-- the part of the ids it belongs to: entries are written into the newest part,
-- which is small, and are sought in every part.
--
-- A hash is the first eight octets of a SHA-256 as a signed number: of a
-- fingerprint, those themselves. Rows found by it are compared in full.

-- +goose Up

CREATE TABLE head (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    event_seq   BIGINT NOT NULL, -- of the newest event of the audit chain
    event_hash  BLOB   NOT NULL,
    row_seq     BIGINT NOT NULL, -- highest id of a ticket or certificate
    change_seq  BIGINT NOT NULL  -- highest changed of a revocation
);
INSERT INTO head (id, event_seq, event_hash, row_seq, change_seq) VALUES (1, 0, zeroblob(32), 0, 0);

CREATE TABLE ca (
    name      TEXT   NOT NULL PRIMARY KEY,
    revision  BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    parent    TEXT   NOT NULL,
    key_name  TEXT   NOT NULL,
    request   BLOB,
    chain     TEXT   NOT NULL, -- JSON array of base64
    settings  BLOB,
    created   BIGINT NOT NULL
);

CREATE TABLE ticket (
    id               INTEGER PRIMARY KEY,
    ticket           TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('held', 'asked', 'issued', 'refused', 'withdrawn')),
    ca               TEXT    NOT NULL,
    profile          TEXT    NOT NULL,
    profile_version  TEXT    NOT NULL,
    format           TEXT    NOT NULL,
    requester        TEXT,
    idempotency_key  TEXT,
    fingerprint      BLOB,
    key_fingerprint  BLOB,
    subject          TEXT    NOT NULL,
    serial           BLOB,
    replaces         BLOB,
    created          BIGINT  NOT NULL,
    decided          BIGINT  NOT NULL,
    decider          TEXT    NOT NULL,
    request          BLOB,
    asked            BLOB,
    evidence         BLOB,
    findings         BLOB,
    changes          BLOB,
    messages         BLOB
);
CREATE UNIQUE INDEX ticket_ticket      ON ticket (ticket);
CREATE INDEX ticket_requester          ON ticket (requester)       WHERE requester IS NOT NULL;
CREATE INDEX ticket_unissued           ON ticket (state, decided)  WHERE state <> 'issued';

CREATE TABLE certificate (
    id               INTEGER PRIMARY KEY,
    ca               TEXT    NOT NULL,
    serial           BLOB    NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('valid', 'hold', 'revoked')),
    fingerprint      BLOB    NOT NULL,
    key_fingerprint  BLOB,
    key_hash         BIGINT  NOT NULL, -- of key_fingerprint, as in lookup
    subject          TEXT    NOT NULL,
    subject_key      BLOB,
    names            TEXT,             -- JSON array of text
    folded           TEXT    NOT NULL, -- subject, names and hexadecimal serial in lower case, one a line
    not_before       BIGINT  NOT NULL,
    not_after        BIGINT  NOT NULL,
    profile          TEXT    NOT NULL,
    profile_version  TEXT    NOT NULL,
    requester        TEXT,
    ticket           TEXT,
    replaces         BLOB,
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

-- Two different serial numbers or keys that have the same hash, which chance
-- does not bring, are taken for the same one: the later is not written.
CREATE TABLE serial_number (
    hash INTEGER PRIMARY KEY, -- of authority and serial number
    id   BIGINT NOT NULL      -- of the certificate
);

CREATE TABLE idempotency (
    hash INTEGER PRIMARY KEY, -- of the key
    id   BIGINT NOT NULL      -- of the ticket
);

CREATE TABLE certificate_der (
    id  INTEGER PRIMARY KEY, -- of the certificate
    der BLOB NOT NULL
);

-- A name's hash is that of its text in lower case without the kind.
CREATE TABLE lookup (
    part BIGINT NOT NULL, -- id / 32768
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL, -- of a ticket or certificate
    PRIMARY KEY (part, hash, id)
) WITHOUT ROWID;

CREATE TABLE revocation (
    ca        TEXT   NOT NULL,
    serial    BLOB   NOT NULL,
    shard     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    reason    BIGINT NOT NULL, -- 8, removeFromCRL, once released from hold
    invalid   BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    PRIMARY KEY (ca, serial)
) WITHOUT ROWID;
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

-- A list may be large: it is kept in parts, so that the engine never holds
-- more than one of them besides the list itself.
CREATE TABLE crl_part (
    ca     TEXT   NOT NULL,
    number BIGINT NOT NULL,
    part   BIGINT NOT NULL,
    der    BLOB   NOT NULL,
    PRIMARY KEY (ca, number, part)
);

CREATE TABLE event (
    seq      INTEGER PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    detail   BLOB,
    previous BLOB   NOT NULL,
    hash     BLOB   NOT NULL
);

PRAGMA user_version = 1;
