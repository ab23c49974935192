package text

import (
	"errors"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// List is a certificate revocation list as OpenSSL reads it.
type List struct {
	Raw           []byte
	Issuer        dn.Name
	ThisUpdate    der.Element
	NextUpdate    der.Element
	HasNextUpdate bool
	version       integer
	outer         algorithm
	signature     []byte
	entries       []byte
	extensions    []extension
}

var errList = errors.New("it is not a certificate revocation list that can be read")

// ReadList reads a certificate revocation list in DER; what follows it is ignored.
func ReadList(raw []byte) (*List, error) { return readAny(raw, readList, errList) }

func readList(raw []byte) (*List, bool) {
	outer := fields{rest: raw}
	e := outer.take(der.Sequence)
	in := sub(e)
	l := &List{Raw: e.Raw}
	body := sub(in.take(der.Sequence))
	l.outer = in.algorithm()
	l.signature = in.bits(der.BitString)
	l.readBody(&body)
	if outer.bad || !in.ok() || !body.ok() || !l.readableEntries() {
		return nil, false
	}
	return l, true
}

func (l *List) readBody(in *fields) {
	l.version = integer{magnitude: []byte{0}}
	if n, ok := in.optionalInteger(der.Integer); ok {
		l.version = n
	}
	in.algorithm()
	l.Issuer = in.distinguishedName()
	l.ThisUpdate = in.moment()
	if next := in.rest.Peek(); next == der.UTCTime || next == der.GeneralizedTime {
		l.NextUpdate, l.HasNextUpdate = in.next(), true
	}
	if e, ok := in.optional(der.Sequence); ok {
		l.entries = e.Content
	}
	if e, ok := in.explicit(0, der.Sequence); ok {
		if l.extensions, ok = readExtensions(sub(e)); !ok {
			in.fail()
		}
	}
}

// revoked is one entry of a list.
type revoked struct {
	serial     integer
	when       der.Element
	extensions []extension
}

func (f *fields) revoked() (r revoked) {
	one := sub(f.take(der.Sequence))
	r.serial = one.integer(der.Integer)
	r.when = one.moment()
	if e, ok := one.optional(der.Sequence); ok {
		if r.extensions, ok = readExtensions(sub(e)); !ok {
			one.fail()
		}
	}
	if !one.ok() {
		f.fail()
	}
	return r
}

func (l *List) readableEntries() bool {
	in := fields{rest: l.entries}
	for in.more() {
		in.revoked()
	}
	return in.ok()
}

// Write prints the list; of o it looks at the names alone. It stops short, with an error, where OpenSSL does.
func (l *List) Write(w *Writer, o Options) error {
	w.WriteString("Certificate Revocation List (CRL):\n        Version ")
	if v, ok := l.version.small(); ok && (v == 0 || v == 1) {
		w.WriteString(strconv.FormatInt(v+1, 10) + " (0x" + strconv.FormatInt(v, 16) + ")\n")
	} else {
		if !ok {
			v = -1
		}
		w.WriteString("unknown (" + strconv.FormatInt(v, 10) + ")\n")
	}
	w.WriteString("    ")
	signatureAlgorithm(w, l.outer)
	w.WriteString("        Issuer: ")
	if !Name(w, l.Issuer, 0, o.Names) {
		return errName
	}
	w.WriteString("\n        Last Update: ")
	writeTime(w, l.ThisUpdate)
	w.WriteString("\n        Next Update: ")
	if l.HasNextUpdate {
		writeTime(w, l.NextUpdate)
	} else {
		w.WriteString("NONE")
	}
	w.WriteByte('\n')
	extensions(w, "CRL extensions", l.extensions, 8, FallbackText)
	in := fields{rest: l.entries}
	if in.more() {
		w.WriteString("Revoked Certificates:\n")
	} else {
		w.WriteString("No Revoked Certificates.\n")
	}
	for in.more() {
		r := in.revoked()
		w.WriteString("    Serial Number: ")
		r.serial.hex(w)
		w.WriteString("\n        Revocation Date: ")
		writeTime(w, r.when)
		w.WriteByte('\n')
		extensions(w, "CRL entry extensions", r.extensions, 8, FallbackText)
	}
	signature(w, l.outer, l.signature)
	return nil
}
