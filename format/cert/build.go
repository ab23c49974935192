package cert

import (
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
)

// TBS is what an issuer signs. Everything but the times comes encoded, so that
// an issuer can prepare what does not change from one certificate to the next:
// names, algorithm, and extensions with Raw set, which are copied as they are.
type TBS struct {
	Serial     []byte // magnitude, most significant octet first
	Signature  []byte // DER of the AlgorithmIdentifier
	Issuer     []byte // DER of the Name
	NotBefore  time.Time
	NotAfter   time.Time
	Subject    []byte // DER of the Name
	PublicKey  []byte // DER of the SubjectPublicKeyInfo
	Extensions []ext.Extension
	Version3   bool // also without extensions
}

// AppendTBS appends the DER of a TBSCertificate (version 3, or 1 without
// extensions where nothing else is asked for) to buf. It allocates nothing where buf has room.
func AppendTBS(buf []byte, t *TBS) []byte {
	b := der.NewBuilder(buf[len(buf):])
	tbs := b.Begin(der.Sequence)
	if len(t.Extensions) > 0 || t.Version3 {
		version := b.Begin(der.ContextConstructed(0))
		b.Int(2)
		b.End(version)
	}
	b.Unsigned(t.Serial)
	b.Raw(t.Signature)
	b.Raw(t.Issuer)
	validity := b.Begin(der.Sequence)
	b.Time(t.NotBefore)
	b.Time(t.NotAfter)
	b.End(validity)
	b.Raw(t.Subject)
	b.Raw(t.PublicKey)
	if len(t.Extensions) > 0 {
		explicit := b.Begin(der.ContextConstructed(3))
		ext.Append(b, t.Extensions)
		b.End(explicit)
	}
	b.End(tbs)
	return append(buf, b.Bytes()...)
}

// Assemble appends the DER of the certificate made of a TBSCertificate, the
// DER of its signature algorithm, and the signature. It allocates nothing
// where buf has room; buf and tbs must not overlap.
func Assemble(buf, tbs, algorithm, signature []byte) []byte {
	b := der.NewBuilder(buf[len(buf):])
	whole := b.Begin(der.Sequence)
	b.Raw(tbs)
	b.Raw(algorithm)
	b.Bits(signature)
	b.End(whole)
	return append(buf, b.Bytes()...)
}
