-- Tickets and certificates of keys that cannot sign are unconfirmed until the
-- holder has decrypted the certificate. Only the words that a column may hold
-- grow, so that no row has to be written anew: the engine's own description of
-- the tables is changed, and the index makes every connection read it again.

-- +goose Up

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''refused'', ''withdrawn''', '''refused'', ''withdrawn'', ''unconfirmed''') WHERE type = 'table' AND name = 'ticket';
UPDATE sqlite_schema SET sql = replace(sql, '''hold'', ''revoked''', '''hold'', ''revoked'', ''unconfirmed''') WHERE type = 'table' AND name = 'certificate';
PRAGMA writable_schema = RESET;

CREATE INDEX certificate_unconfirmed ON certificate (id) WHERE status = 'unconfirmed';

PRAGMA user_version = 3;
