package text

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Trust is what follows the certificate in a TRUSTED CERTIFICATE.
type Trust struct {
	Uses     []oid.OID // trusted for; nil where nothing is said
	Rejected []oid.OID // not trusted for
	Alias    []byte    // UTF-8; nil where there is none
	KeyID    []byte    // nil where there is none
	other    []byte    // as read
}

// ReadTrusted reads a certificate and what follows it; trust is nil where
// nothing does.
func ReadTrusted(raw []byte) (c *Certificate, trust *Trust, err error) {
	if c, err = ReadCertificate(raw); err != nil {
		return nil, nil, err
	}
	in := fields{rest: raw}
	in.next()
	if len(in.rest) == 0 {
		return c, nil, nil
	}
	if trust = readTrust(in.take(der.Sequence)); trust == nil {
		return nil, nil, errCertificate
	}
	return c, trust, nil
}

func readTrust(e der.Element) *Trust {
	in := sub(e)
	t := &Trust{}
	if list, ok := in.optional(der.Sequence); ok {
		t.Uses = []oid.OID{}
		for uses := sub(list); uses.more(); {
			t.Uses = append(t.Uses, uses.object())
		}
	}
	if list, ok := in.optional(der.ContextConstructed(0)); ok {
		t.Rejected = []oid.OID{}
		for uses := sub(list); uses.more(); {
			t.Rejected = append(t.Rejected, uses.object())
		}
	}
	if alias, ok := in.optional(der.UTF8String); ok {
		t.Alias = alias.Content
	}
	if id, ok := in.optional(der.OctetString); ok {
		t.KeyID = id.Content
	}
	if other, ok := in.optional(der.ContextConstructed(1)); ok {
		t.other = other.Raw
	}
	if e.Raw == nil || !in.ok() {
		return nil
	}
	return t
}

// Marshal returns the DER that follows the certificate.
func (t *Trust) Marshal() []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	objects := func(tag der.Tag, list []oid.OID) {
		if list == nil {
			return
		}
		m := b.Begin(tag)
		for _, id := range list {
			b.OID(string(id))
		}
		b.End(m)
	}
	objects(der.Sequence, t.Uses)
	objects(der.ContextConstructed(0), t.Rejected)
	if t.Alias != nil {
		b.Add(der.UTF8String, t.Alias)
	}
	if t.KeyID != nil {
		b.Add(der.OctetString, t.KeyID)
	}
	b.Raw(t.other)
	b.End(all)
	return b.Bytes()
}

// Write prints the trust settings as they follow a certificate.
func (t *Trust) Write(w *Writer) {
	uses(w, "Trusted Uses", t.Uses)
	uses(w, "Rejected Uses", t.Rejected)
	if t.Alias != nil {
		w.WriteString("Alias: ")
		w.WriteString(untilZero(string(t.Alias)))
		w.WriteByte('\n')
	}
	if t.KeyID != nil {
		w.WriteString("Key Id: ")
		colonHex(w, t.KeyID)
		w.WriteByte('\n')
	}
}

func uses(w *Writer, title string, list []oid.OID) {
	if list == nil {
		w.WriteString("No ")
		w.WriteString(title)
		w.WriteString(".\n")
		return
	}
	w.WriteString(title)
	w.WriteString(":\n  ")
	for i, id := range list {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(w.Objects.shortened(id, 79))
	}
	w.WriteByte('\n')
}
