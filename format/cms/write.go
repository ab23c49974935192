package cms

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// AppendData appends a ContentInfo of Data (RFC 5652, Section 4).
func AppendData(b *der.Builder, content []byte) {
	info := b.Begin(der.Sequence)
	b.OID(string(oid.Data))
	explicit := b.Begin(der.ContextConstructed(0))
	b.Add(der.OctetString, content)
	b.End(explicit)
	b.End(info)
}

// AppendEncryptedData appends a ContentInfo of EncryptedData whose content is
// Data (RFC 5652, Section 8); algorithm is the DER of the content encryption
// algorithm.
func AppendEncryptedData(b *der.Builder, algorithm, encrypted []byte) {
	info := b.Begin(der.Sequence)
	b.OID(string(oid.EncryptedData))
	explicit := b.Begin(der.ContextConstructed(0))
	data := b.Begin(der.Sequence)
	b.Int(0)
	content := b.Begin(der.Sequence)
	b.OID(string(oid.Data))
	b.Raw(algorithm)
	b.Add(der.Context(0), encrypted)
	b.End(content)
	b.End(data)
	b.End(explicit)
	b.End(info)
}
