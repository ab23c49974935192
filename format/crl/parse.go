package crl

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// Parse reads one list in DER, without its entries: Entries and Lookup read
// those. The result shares the memory of raw.
func Parse(raw []byte) (*List, error) {
	l := &List{}
	if err := l.read(raw); err != nil {
		return nil, fmt.Errorf("reading a revocation list: %w", err)
	}
	return l, nil
}

// ParseAnyTime is Parse for lists that are shown or verified: where thisUpdate
// or nextUpdate cannot be read, it is the zero time, and a deviation says so.
func ParseAnyTime(raw []byte) (*List, error) {
	l := &List{anyTime: true}
	if err := l.read(raw); err != nil {
		return nil, fmt.Errorf("reading a revocation list: %w", err)
	}
	return l, nil
}

func (l *List) read(raw []byte) error {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return err
	}
	l.Raw = outer.Raw
	in := outer.Children()
	tbs, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("tbsCertList: %w", err)
	}
	l.RawTBS = tbs.Raw
	if err := l.readTBS(tbs.Children()); err != nil {
		return fmt.Errorf("tbsCertList: %w", err)
	}
	if l.SignatureAlgorithm, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("signatureAlgorithm: %w", err)
	}
	if !bytes.Equal(l.SignatureAlgorithm.Raw, l.Signature.Raw) {
		l.deviate("%v", ErrAlgorithms)
	}
	signature, err := in.Take(der.BitString)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	octets, unused, err := signature.Bits()
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if unused != 0 {
		l.ragged = true
		l.deviate("the signature does not end on a whole octet")
	}
	l.SignatureValue = octets
	return in.End()
}

func (l *List) deviate(format string, args ...any) {
	l.Deviations = append(l.Deviations, fmt.Sprintf(format, args...))
}

func takeAlgorithm(in *der.Reader) (key.AlgorithmIdentifier, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return key.AlgorithmIdentifier{}, err
	}
	return key.ParseAlgorithmIdentifier(e.Raw)
}

func (l *List) readTBS(in der.Reader) error {
	if err := l.readVersion(&in); err != nil {
		return err
	}
	var err error
	if l.Signature, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	issuer, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if l.Issuer, err = dn.Parse(issuer.Raw); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if l.ThisUpdate, err = l.takeTime(&in, "thisUpdate"); err != nil {
		return fmt.Errorf("thisUpdate: %w", err)
	}
	if tag := in.Peek(); tag == der.UTCTime || tag == der.GeneralizedTime {
		if l.NextUpdate, err = l.takeTime(&in, "nextUpdate"); err != nil {
			return fmt.Errorf("nextUpdate: %w", err)
		}
	} else {
		l.deviate("the list does not say when the next one comes (nextUpdate)")
	}
	return l.readTail(in)
}

func (l *List) readVersion(in *der.Reader) error {
	l.Version = 1
	e, ok, err := in.Optional(der.Integer)
	if err != nil || !ok {
		return err
	}
	n, err := e.Int()
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	if n != 0 && n != 1 {
		return fmt.Errorf("version: there is no version %d of revocation lists", n+1)
	}
	if n == 0 {
		l.deviate("version 1 is written out; it is the default and should be left away")
	}
	l.Version = n + 1
	return nil
}

func (l *List) takeTime(in *der.Reader, name string) (time.Time, error) {
	e, err := in.Next()
	if err != nil {
		return time.Time{}, err
	}
	at, err := e.Time()
	if err != nil && l.anyTime && (e.Tag == der.UTCTime || e.Tag == der.GeneralizedTime) {
		l.deviate("%s: %v", name, err)
		return time.Time{}, nil
	}
	return at, err
}

func (l *List) readTail(in der.Reader) error {
	revoked, ok, err := in.Optional(der.Sequence)
	if err != nil {
		return fmt.Errorf("revokedCertificates: %w", err)
	}
	if ok {
		l.RawEntries = revoked.Content
		if len(revoked.Content) == 0 {
			l.deviate("revokedCertificates is present but empty; it should be left away")
		}
	}
	explicit, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return fmt.Errorf("crlExtensions: %w", err)
	}
	if ok {
		if l.Extensions, err = ext.Parse(explicit.Content); err != nil {
			return fmt.Errorf("crlExtensions: %w", err)
		}
		if l.Version == 1 {
			l.deviate("there are extensions in a list of version 1")
		}
	}
	if len(in) > 0 {
		return errors.New("something follows the extensions")
	}
	return nil
}
