package cms

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// Identifier says whose key is meant: by issuer and serial number, or by the
// subject key identifier (RFC 5652, Section 5.3 and 6.2.1).
type Identifier struct {
	Issuer        dn.Name
	Serial        *big.Int // nil where a key identifier is given
	KeyIdentifier []byte
}

// String writes the identifier for people.
func (i Identifier) String() string {
	if i.Serial == nil {
		return "key identifier " + hex.EncodeToString(i.KeyIdentifier)
	}
	return fmt.Sprintf("serial number %x of %s", i.Serial, i.Issuer)
}

// takeIdentifier reads SignerIdentifier and RecipientIdentifier.
func takeIdentifier(r *der.Reader) (Identifier, error) {
	if r.Peek() == der.Sequence {
		e, err := r.Next()
		if err != nil {
			return Identifier{}, err
		}
		return issuerAndSerial(e)
	}
	id, ok, err := optionalOctets(r, 0)
	if err == nil && !ok {
		err = errors.New("neither an issuer and serial number nor a key identifier is given")
	}
	return Identifier{KeyIdentifier: id}, err
}

func issuerAndSerial(e der.Element) (i Identifier, err error) {
	r := e.Children()
	name, err := r.Take(der.Sequence)
	if err != nil {
		return i, fmt.Errorf("issuer: %w", err)
	}
	if i.Issuer, err = dn.Parse(name.Raw); err != nil {
		return i, fmt.Errorf("issuer: %w", err)
	}
	serial, err := r.Take(der.Integer)
	if err != nil {
		return i, fmt.Errorf("serial number: %w", err)
	}
	if i.Serial, err = serial.BigInt(); err != nil {
		return i, fmt.Errorf("serial number: %w", err)
	}
	return i, r.End()
}

// Equal reports whether two identifiers are the same: names as RFC 5280,
// Section 7.1 compares them.
func (i Identifier) Equal(other Identifier) bool {
	if i.Serial == nil || other.Serial == nil {
		return i.Serial == nil && other.Serial == nil && bytes.Equal(i.KeyIdentifier, other.KeyIdentifier)
	}
	return i.Serial.Cmp(other.Serial) == 0 && i.Issuer.Equal(other.Issuer)
}

func (i Identifier) isZero() bool { return i.Serial == nil && len(i.KeyIdentifier) == 0 }

// append writes SignerIdentifier or RecipientIdentifier.
func (i Identifier) append(b *der.Builder) {
	if i.Serial == nil {
		b.Add(der.Context(0), i.KeyIdentifier)
		return
	}
	i.appendIssuerAndSerial(b)
}

// appendAgreed writes KeyAgreeRecipientIdentifier.
func (i Identifier) appendAgreed(b *der.Builder) {
	if i.Serial == nil {
		mark := b.Begin(der.ContextConstructed(0))
		b.Add(der.OctetString, i.KeyIdentifier)
		b.End(mark)
		return
	}
	i.appendIssuerAndSerial(b)
}

func (i Identifier) appendIssuerAndSerial(b *der.Builder) {
	mark := b.Begin(der.Sequence)
	b.Raw(i.Issuer.Raw)
	b.BigInt(i.Serial)
	b.End(mark)
}
