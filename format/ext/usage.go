package ext

import (
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// KeyUsage holds bit i of the KeyUsage BIT STRING as bit i (RFC 5280, Section 4.2.1.3).
type KeyUsage uint32

// The bits of KeyUsage.
const (
	DigitalSignature KeyUsage = 1 << iota
	NonRepudiation
	KeyEncipherment
	DataEncipherment
	KeyAgreement
	KeyCertSign
	CRLSign
	EncipherOnly
	DecipherOnly
)

var keyUsageNames = [...]string{
	"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
}

// KeyUsageNames are the names of the bits, in order ("digitalSignature" …);
// bits that RFC 5280 does not define come by their number ("bit 9").
func KeyUsageNames(u KeyUsage) []string {
	var names []string
	for i := range 32 {
		switch {
		case u>>i&1 == 0:
		case i < len(keyUsageNames):
			names = append(names, keyUsageNames[i])
		default:
			names = append(names, fmt.Sprintf("bit %d", i))
		}
	}
	return names
}

// KeyUsageByName returns the bit of this name; case and hyphens make no
// difference, and contentCommitment is nonRepudiation (X.509).
func KeyUsageByName(name string) (KeyUsage, error) {
	plain := strings.ReplaceAll(name, "-", "")
	if strings.EqualFold(plain, "contentCommitment") {
		return NonRepudiation, nil
	}
	for i, known := range keyUsageNames {
		if strings.EqualFold(plain, known) {
			return 1 << i, nil
		}
	}
	return 0, fmt.Errorf("%q is not a key usage; write one of %s", name, strings.Join(keyUsageNames[:], ", "))
}

// ParseKeyUsage reads the value of keyUsage. Bits after the 32nd are left out.
func ParseKeyUsage(value []byte) (KeyUsage, error) {
	bits, err := namedBits(value, "keyUsage")
	return KeyUsage(bits), err
}

// namedBits reads a value that is one BIT STRING of named bits.
func namedBits(value []byte, what string) (uint32, error) {
	e, err := der.ParseTag(value, der.BitString)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	bits, err := bitsOf(e)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return bits, nil
}

func bitsOf(e der.Element) (uint32, error) {
	octets, _, err := e.Bits()
	if err != nil {
		return 0, err
	}
	var bits uint32
	for i := range min(len(octets)*8, 32) {
		if octets[i/8]>>(7-i%8)&1 == 1 {
			bits |= 1 << i
		}
	}
	return bits, nil
}

// NewKeyUsage makes keyUsage, critical as RFC 5280, Section 4.2.1.3 wants it.
func NewKeyUsage(u KeyUsage) Extension {
	b := der.NewBuilder(make([]byte, 0, 8))
	b.NamedBits(der.BitString, uint32(u))
	return Extension{ID: oid.KeyUsage, Critical: true, Value: b.Bytes()}
}

// ParseExtKeyUsage reads the value of extKeyUsage (RFC 5280, Section 4.2.1.12).
func ParseExtKeyUsage(value []byte) ([]oid.OID, error) {
	r, err := sequence(value, "extKeyUsage")
	if err != nil {
		return nil, err
	}
	var ids []oid.OID
	for !r.Empty() {
		id, err := takeOID(&r)
		if err != nil {
			return nil, fmt.Errorf("extKeyUsage: purpose %d: %w", len(ids)+1, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// NewExtKeyUsage makes extKeyUsage (RFC 5280, Section 4.2.1.12).
func NewExtKeyUsage(ids []oid.OID, critical bool) Extension {
	b := der.NewBuilder(make([]byte, 0, 4+12*len(ids)))
	seq := b.Begin(der.Sequence)
	for _, id := range ids {
		b.OID(string(id))
	}
	b.End(seq)
	return Extension{ID: oid.ExtKeyUsage, Critical: critical, Value: b.Bytes()}
}

// PrivateKeyUsagePeriod is the time in which the private key may sign (RFC
// 3280, Section 4.2.1.4). A time is zero where absent.
type PrivateKeyUsagePeriod struct {
	NotBefore, NotAfter time.Time
}

// ParsePrivateKeyUsagePeriod reads the value of privateKeyUsagePeriod.
func ParsePrivateKeyUsagePeriod(value []byte) (PrivateKeyUsagePeriod, error) {
	var p PrivateKeyUsagePeriod
	r, err := sequence(value, "privateKeyUsagePeriod")
	if err != nil {
		return p, err
	}
	for tag, field := range []*time.Time{&p.NotBefore, &p.NotAfter} {
		e, ok, err := r.Optional(der.Context(uint8(tag)))
		if err == nil && ok {
			e.Tag = der.GeneralizedTime
			*field, err = e.Time()
		}
		if err != nil {
			return PrivateKeyUsagePeriod{}, fmt.Errorf("privateKeyUsagePeriod: [%d]: %w", tag, err)
		}
	}
	if err := r.End(); err != nil {
		return PrivateKeyUsagePeriod{}, fmt.Errorf("privateKeyUsagePeriod: %w", err)
	}
	return p, nil
}

// NewPrivateKeyUsagePeriod makes privateKeyUsagePeriod, never critical.
func NewPrivateKeyUsagePeriod(p PrivateKeyUsagePeriod) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for tag, t := range []time.Time{p.NotBefore, p.NotAfter} {
		if !t.IsZero() {
			b.AddString(der.Context(uint8(tag)), t.UTC().Format("20060102150405Z"))
		}
	}
	b.End(seq)
	return Extension{ID: oid.PrivateKeyUsagePeriod, Value: b.Bytes()}
}
