-- A part of lookup and claim has 8192 ids: the entries of a new row, which
-- chance puts anywhere in the newest part, then share pages with those of rows
-- that are written together.

-- +goose Up

CREATE TABLE lookup_in_parts (
    part BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL,
    PRIMARY KEY (part, hash, id)
);
INSERT INTO lookup_in_parts (part, hash, id) SELECT id / 8192, hash, id FROM lookup ORDER BY 1, 2, 3;
DROP TABLE lookup;
ALTER TABLE lookup_in_parts RENAME TO lookup;

CREATE TABLE claim_in_parts (
    part BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    id   BIGINT NOT NULL,
    PRIMARY KEY (part, hash)
);
INSERT INTO claim_in_parts (part, hash, id) SELECT id / 8192, hash, id FROM claim ORDER BY 1, 2;
DROP TABLE claim;
ALTER TABLE claim_in_parts RENAME TO claim;

DELETE FROM claim_filter;
