-- Tickets and certificates of keys that cannot sign are unconfirmed until the
-- holder has decrypted the certificate.

-- +goose Up

ALTER TABLE ticket DROP CONSTRAINT ticket_state_check;
ALTER TABLE ticket ADD CONSTRAINT ticket_state_check CHECK (state IN ('held', 'asked', 'issued', 'refused', 'withdrawn', 'unconfirmed'));
ALTER TABLE certificate DROP CONSTRAINT certificate_status_check;
ALTER TABLE certificate ADD CONSTRAINT certificate_status_check CHECK (status IN ('valid', 'hold', 'revoked', 'unconfirmed'));
CREATE INDEX certificate_unconfirmed ON certificate (id) WHERE status = 'unconfirmed';
