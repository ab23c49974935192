package openssl

import (
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

// shown is the certificate as it is to be printed. Where none is signed,
// options that a new one would take its parts from change what is printed, as
// they do with OpenSSL, and nothing that is written.
func (x *certifying) shown() (*text.Certificate, error) {
	c, err := text.ReadCertificate(x.raw)
	if err != nil {
		return nil, because("Unable to load certificate", err)
	}
	if x.signs() {
		return c, nil
	}
	c.KeepExtensions(x.keeps)
	if x.has("subj") {
		if c.Subject, err = x.givenSubject(nil, opensslconf.NameOptions{}); err != nil {
			return nil, err
		}
	}
	if x.has("set_serial") {
		number, err := x.parseSerial(x.text("set_serial"))
		if err != nil {
			return nil, err
		}
		c.SetSerial(number)
	}
	switch {
	case x.public != nil:
		c.Key = text.KeyOf(x.public)
	case x.key != nil:
		c.Key = text.KeyOf(x.key.Public)
	}
	if x.key == nil {
		return c, nil
	}
	c.Issuer = c.Subject
	if !x.has("preserve_dates") {
		from := x.Now().UTC()
		if c.NotBefore, err = encodedTime(from); err == nil {
			c.NotAfter, err = encodedTime(from.AddDate(0, 0, x.count("days", defaultDays)))
		}
	}
	return c, err
}

func encodedTime(at time.Time) (der.Element, error) {
	var b der.Builder
	b.Time(at)
	return der.Parse(b.Bytes())
}
