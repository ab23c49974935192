-- What must be unique, serial numbers and idempotency keys, is kept by part,
-- as lookup is: the two indexes of random order over everything are no more.

-- +goose Up

CREATE TABLE claim (
    part BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL,
    PRIMARY KEY (part, hash)
);

INSERT INTO claim (part, hash, id)
    SELECT id / 32768, hash & -2, id FROM serial_number
    UNION ALL SELECT id / 32768, hash | 1, id FROM idempotency
    ORDER BY 1, 2;

DROP TABLE serial_number;
DROP TABLE idempotency;

CREATE TABLE claim_filter (
    part   BIGINT PRIMARY KEY,
    filter BYTEA NOT NULL
);
