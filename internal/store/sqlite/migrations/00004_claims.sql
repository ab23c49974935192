-- What must be unique, serial numbers and idempotency keys, is kept by part,
-- as lookup is: the two indexes of random order over everything are no more.
--
-- A hash is that of the table it was in, with the lowest bit clear for a serial
-- number and set for an idempotency key. Two different ones that have the same
-- hash, which chance does not bring, are taken for the same one: the later is
-- not written.

-- +goose Up

CREATE TABLE claim (
    part BIGINT NOT NULL, -- id / 32768
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL, -- of the certificate or ticket
    PRIMARY KEY (part, hash)
) WITHOUT ROWID;

INSERT INTO claim (part, hash, id)
    SELECT id / 32768, hash & -2, id FROM serial_number
    UNION ALL SELECT id / 32768, hash | 1, id FROM idempotency
    ORDER BY 1, 2;

DROP TABLE serial_number;
DROP TABLE idempotency;

-- The claims of a part that is full, less those that were deleted since, are
-- among those that its filter does not rule out.
CREATE TABLE claim_filter (
    part   INTEGER PRIMARY KEY,
    filter BLOB NOT NULL
);

PRAGMA user_version = 4;
