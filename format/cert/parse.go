package cert

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Parse reads one certificate in DER. What relying parties would act on (the
// names, the times, the extensions) must be readable; anything else that is
// irregular goes to Deviations. The result shares the memory of raw.
func Parse(raw []byte) (*Certificate, error) {
	c := &Certificate{}
	if err := c.read(raw); err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	return c, nil
}

func (c *Certificate) read(raw []byte) error {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return err
	}
	c.Raw = outer.Raw
	if err := der.Strict(outer.Raw); errors.Is(err, der.ErrIndefinite) {
		return err
	} else if err != nil {
		c.deviate("the encoding is not DER: %v", err)
	}
	in := outer.Children()
	tbs, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("tbsCertificate: %w", err)
	}
	c.RawTBS = tbs.Raw
	if err := c.readTBS(tbs.Children()); err != nil {
		return fmt.Errorf("tbsCertificate: %w", err)
	}
	if c.SignatureAlgorithm, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("signatureAlgorithm: %w", err)
	}
	if !bytes.Equal(c.SignatureAlgorithm.Raw, c.Signature.Raw) {
		c.deviate("%v", ErrAlgorithms)
	}
	if err := c.readSignature(&in); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	return in.End()
}

func (c *Certificate) deviate(format string, args ...any) {
	c.Deviations = append(c.Deviations, fmt.Sprintf(format, args...))
}

func takeAlgorithm(in *der.Reader) (key.AlgorithmIdentifier, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return key.AlgorithmIdentifier{}, err
	}
	return key.ParseAlgorithmIdentifier(e.Raw)
}

func (c *Certificate) readSignature(in *der.Reader) error {
	e, err := in.Take(der.BitString)
	if err != nil {
		return err
	}
	octets, unused, err := e.Bits()
	if err != nil {
		return err
	}
	if unused != 0 {
		c.ragged = true
		c.deviate("the signature does not end on a whole octet")
	}
	c.SignatureValue = octets
	return nil
}

func (c *Certificate) readTBS(in der.Reader) error {
	if err := c.readVersion(&in); err != nil {
		return err
	}
	serial, err := in.Take(der.Integer)
	if err != nil {
		return fmt.Errorf("serialNumber: %w", err)
	}
	if err := c.readSerial(serial); err != nil {
		return fmt.Errorf("serialNumber: %w", err)
	}
	if c.Signature, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if c.Issuer, err = takeName(&in); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if err := c.readValidity(&in); err != nil {
		return fmt.Errorf("validity: %w", err)
	}
	if c.Subject, err = takeName(&in); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	spki, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("subjectPublicKeyInfo: %w", err)
	}
	if c.PublicKey, err = key.ParsePublic(spki.Raw); err != nil {
		return fmt.Errorf("subjectPublicKeyInfo: %w", err)
	}
	return c.readTail(in)
}

func (c *Certificate) readVersion(in *der.Reader) error {
	c.Version = 1
	explicit, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil || !ok {
		return err
	}
	e, err := der.ParseTag(explicit.Content, der.Integer)
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	n, err := e.Int()
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	if n < 0 || n > 2 {
		return fmt.Errorf("version: there is no X.509 version %d", n+1)
	}
	if n == 0 {
		c.deviate("version 1 is written out; it is the default and should be left away")
	}
	c.Version = n + 1
	return nil
}

// maxSerial bounds serial numbers as they are read; RFC 5280, Section 4.1.2.2
// allows 20 octets.
const maxSerial = 1024

func (c *Certificate) readSerial(e der.Element) error {
	if len(e.Content) > maxSerial {
		return fmt.Errorf("it has %d octets", len(e.Content))
	}
	n, err := e.BigInt()
	if err != nil {
		return err
	}
	c.Serial, c.SerialBytes = n, e.Content
	switch {
	case n.Sign() < 0:
		c.deviate("the serial number is negative")
	case n.Sign() == 0:
		c.deviate("the serial number is zero")
	case len(e.Content) > 20:
		c.deviate("the serial number has %d octets; at most 20 are allowed", len(e.Content))
	}
	return nil
}

func takeName(in *der.Reader) (dn.Name, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return dn.Name{}, err
	}
	return dn.Parse(e.Raw)
}

func (c *Certificate) readValidity(in *der.Reader) error {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	times := e.Children()
	notBefore, err := times.Next()
	if err == nil {
		c.NotBefore, err = notBefore.Time()
	}
	if err != nil {
		return fmt.Errorf("notBefore: %w", err)
	}
	notAfter, err := times.Next()
	if err == nil {
		c.NotAfter, err = notAfter.Time()
	}
	if err != nil {
		return fmt.Errorf("notAfter: %w", err)
	}
	for _, t := range []der.Element{notBefore, notAfter} {
		if !regularTime(t) {
			c.deviate("the time %q is not written as RFC 5280 asks: in seconds, in UTC, as UTCTime up to 2049 and GeneralizedTime from 2050", t.Content)
		}
	}
	return times.End()
}

func regularTime(e der.Element) bool {
	if e.Tag == der.UTCTime {
		return len(e.Content) == 13 && e.Content[12] == 'Z'
	}
	return len(e.Content) == 15 && e.Content[14] == 'Z' && string(e.Content[:4]) >= "2050"
}

// readTail reads the unique identifiers and the extensions.
func (c *Certificate) readTail(in der.Reader) error {
	if err := c.readUniqueID(&in, 1, &c.IssuerUniqueID); err != nil {
		return err
	}
	if err := c.readUniqueID(&in, 2, &c.SubjectUniqueID); err != nil {
		return err
	}
	explicit, ok, err := in.Optional(der.ContextConstructed(3))
	if err != nil {
		return fmt.Errorf("extensions: %w", err)
	}
	if ok {
		if c.Extensions, err = ext.Parse(explicit.Content); err != nil {
			return fmt.Errorf("extensions: %w", err)
		}
		if c.Version != 3 {
			c.deviate("there are extensions in a certificate of version %d", c.Version)
		}
		c.checkRepeated()
	}
	return in.End()
}

func (c *Certificate) readUniqueID(in *der.Reader, tag uint8, id *[]byte) error {
	e, ok, err := in.Optional(der.Context(tag))
	if err != nil || !ok {
		return err
	}
	e.Tag = der.BitString
	if *id, _, err = e.Bits(); err != nil {
		return fmt.Errorf("unique identifier [%d]: %w", tag, err)
	}
	if c.Version == 1 {
		c.deviate("there is a unique identifier in a certificate of version 1")
	}
	return nil
}

func (c *Certificate) checkRepeated() {
	seen := make(map[oid.OID]bool, len(c.Extensions))
	for _, e := range c.Extensions {
		if seen[e.ID] {
			c.deviate("the extension %s appears more than once", e.ID.Name())
		}
		seen[e.ID] = true
	}
}
