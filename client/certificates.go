package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// CertificateQuery selects certificates; empty fields do not narrow it.
type CertificateQuery struct {
	CA             string
	Serial         string // hexadecimal
	Text           string // part of subject, a name or the serial number
	Subject        string // part of the subject
	SAN            string // with or without its kind; * matches anything
	Fingerprint    string // SHA-256, hexadecimal
	KeyFingerprint string
	Profile        string
	Requester      string
	Ticket         string
	Status         string // valid, unconfirmed, hold, revoked
	ExpiresBefore  time.Time
	ExpiresAfter   time.Time
	IssuedAfter    time.Time
	Limit          int // 0: all
}

func (q *CertificateQuery) values() url.Values {
	values := url.Values{}
	for _, one := range []struct{ key, value string }{
		{"ca", q.CA}, {"serial", q.Serial}, {"text", q.Text}, {"subject", q.Subject}, {"san", q.SAN}, {"fingerprint", q.Fingerprint},
		{"keyFingerprint", q.KeyFingerprint}, {"profile", q.Profile}, {"requester", q.Requester}, {"ticket", q.Ticket}, {"status", q.Status},
	} {
		set(values, one.key, one.value)
	}
	for key, at := range map[string]time.Time{"expiresBefore": q.ExpiresBefore, "expiresAfter": q.ExpiresAfter, "issuedAfter": q.IssuedAfter} {
		if !at.IsZero() {
			values.Set(key, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return values
}

// Certificates yields certificates in the order they were issued.
func (c *Client) Certificates(ctx context.Context, q CertificateQuery) iter.Seq2[*Certificate, error] {
	return pages[Certificate](ctx, c, "/certificates", q.values(), q.Limit)
}

func certificatePath(serial string) string { return "/certificates/" + url.PathEscape(serial) }

func ofCA(ca string) url.Values {
	values := url.Values{}
	set(values, "ca", ca)
	return values
}

// Certificate returns the record of a certificate by its serial number; ca may
// be empty where only one authority has that number.
func (c *Client) Certificate(ctx context.Context, ca, serial string) (*Certificate, error) {
	return one[Certificate](ctx, c, http.MethodGet, certificatePath(serial), ofCA(ca), nil)
}

// The forms that a certificate is fetched in.
const (
	FormPEM   = "pem"   // the certificate
	FormDER   = "der"   // the certificate
	FormChain = "chain" // the certificate and its issuers without the root, PEM
	FormPKCS7 = "p7b"   // the certificate and its issuers, PKCS#7 in DER
)

// Fetch returns a certificate in one of these forms.
func (c *Client) Fetch(ctx context.Context, ca, serial, form string) ([]byte, error) {
	var out []byte
	err := c.call(ctx, http.MethodGet, certificatePath(serial)+"/"+url.PathEscape(form), ofCA(ca), nil, &out)
	return out, err
}

// Renew asks for a certificate in place of another one. It answers as Submit
// does.
func (c *Client) Renew(ctx context.Context, ca, serial string, r Renewal, options ...Option) (*Outcome, error) {
	return one[Outcome](ctx, c, http.MethodPost, certificatePath(serial)+"/renew", ofCA(ca), r, options...)
}

// Revoke has a certificate revoked: by an officer, by who asked for it, or by
// its holder with a password or proof.
func (c *Client) Revoke(ctx context.Context, ca, serial string, r Revocation, options ...Option) (*Certificate, error) {
	return one[Certificate](ctx, c, http.MethodPost, certificatePath(serial)+"/revoke", ofCA(ca), r, options...)
}

// Release takes a certificate off hold, as an officer.
func (c *Client) Release(ctx context.Context, ca, serial string, options ...Option) (*Certificate, error) {
	return one[Certificate](ctx, c, http.MethodPost, certificatePath(serial)+"/release", ofCA(ca), struct{}{}, options...)
}

// CAs returns the authorities.
func (c *Client) CAs(ctx context.Context) ([]CA, error) {
	all, err := one[Page[CA]](ctx, c, http.MethodGet, "/cas", nil, nil)
	if err != nil {
		return nil, err
	}
	return all.Items, nil
}

// CA returns an authority.
func (c *Client) CA(ctx context.Context, name string) (*CA, error) {
	return one[CA](ctx, c, http.MethodGet, "/cas/"+url.PathEscape(name), nil, nil)
}

// CRL returns the newest revocation list of an authority, in DER; kind is
// "full" or "delta".
func (c *Client) CRL(ctx context.Context, ca, kind string, shard int) ([]byte, error) {
	values := ofCA("")
	set(values, "kind", kind)
	if shard > 0 {
		values.Set("shard", itoa(shard))
	}
	var out []byte
	err := c.call(ctx, http.MethodGet, "/cas/"+url.PathEscape(ca)+"/crl", values, nil, &out)
	return out, err
}

// PublishCRL has an authority sign, record and publish its next revocation
// lists, as an officer.
func (c *Client) PublishCRL(ctx context.Context, ca string, p Publication) ([]RevocationList, error) {
	all, err := one[Page[RevocationList]](ctx, c, http.MethodPost, "/cas/"+url.PathEscape(ca)+"/crl", nil, p)
	if err != nil {
		return nil, err
	}
	return all.Items, nil
}

// Profiles returns the profiles, without their text.
func (c *Client) Profiles(ctx context.Context) ([]Profile, error) {
	all, err := one[Page[Profile]](ctx, c, http.MethodGet, "/profiles", nil, nil)
	if err != nil {
		return nil, err
	}
	return all.Items, nil
}

// Profile returns a profile.
func (c *Client) Profile(ctx context.Context, name string) (*Profile, error) {
	return one[Profile](ctx, c, http.MethodGet, "/profiles/"+url.PathEscape(name), nil, nil)
}
