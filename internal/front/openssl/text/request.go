package text

import (
	"errors"
	"slices"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// Request is a certification request as OpenSSL reads it.
type Request struct {
	Raw           []byte
	Subject       dn.Name
	Key           PublicKey
	version       integer
	attributes    []attributeValues
	hasAttributes bool
	outer         algorithm
	signature     []byte
}

type attributeValues struct {
	id     oid.OID
	values []der.Element
}

var errRequest = errors.New("it is not a certification request that can be read")

// ReadRequest reads a PKCS#10 request in DER; what follows it is ignored.
func ReadRequest(raw []byte) (*Request, error) {
	if r, ok := readRequest(raw); ok {
		return r, nil
	}
	// Lengths left open are rare, so that only what cannot be read is tried again.
	if again, err := cms.Normalize(raw); err == nil {
		if r, ok := readRequest(again); ok {
			return r, nil
		}
	}
	return nil, errRequest
}

func readRequest(raw []byte) (*Request, bool) {
	outer := fields{rest: raw}
	e := outer.take(der.Sequence)
	in := sub(e)
	r := &Request{Raw: e.Raw}
	body := sub(in.take(der.Sequence))
	r.outer = in.algorithm()
	r.signature = in.bits(der.BitString)
	r.version = body.integer(der.Integer)
	r.Subject = body.distinguishedName()
	r.Key = body.publicKey()
	if e, ok := body.optional(der.ContextConstructed(0)); ok {
		r.hasAttributes = true
		list := sub(e)
		for list.more() {
			r.attributes = append(r.attributes, list.attribute())
		}
		if !list.ok() {
			body.fail()
		}
	}
	if outer.bad || !in.ok() || !body.ok() {
		return nil, false
	}
	return r, true
}

func (f *fields) attribute() (a attributeValues) {
	one := sub(f.take(der.Sequence))
	a.id = one.object()
	set := sub(one.take(der.Set))
	for set.more() {
		a.values = append(a.values, set.any())
	}
	if !one.ok() || !set.ok() {
		f.fail()
	}
	return a
}

// Arrange puts the attributes in the order in which a request had them before
// it was signed, which sorts them.
func (r *Request) Arrange(order []oid.OID) {
	place := func(a attributeValues) int { return slices.Index(order, a.id) }
	slices.SortStableFunc(r.attributes, func(a, b attributeValues) int { return place(a) - place(b) })
}

// Write prints the request. It stops short, with an error, where OpenSSL does.
func (r *Request) Write(w *Writer, o Options) error {
	without := func(p Parts) bool { return o.Without&p != 0 }
	if !without(NoHeader) {
		w.WriteString("Certificate Request:\n    Data:\n")
	}
	if !without(NoVersion) {
		writeVersion(w, "        Version: ", r.version, 0)
	}
	if !without(NoSubject) {
		w.WriteString("        Subject:")
		if err := nameStart(w, r.Subject, o.Names); err != nil {
			return err
		}
	}
	if !without(NoPublicKey) {
		r.Key.writeInfo(w)
	}
	if !without(NoAttributes) {
		if err := r.writeAttributes(w); err != nil {
			return err
		}
	}
	if !without(NoExtensions) {
		if err := r.writeExtensions(w, o.Fallback); err != nil {
			return err
		}
	}
	if !without(NoSignature) {
		signature(w, r.outer, r.signature)
	}
	return nil
}

func isExtensionRequest(id oid.OID) bool {
	return id == oid.ExtensionRequest || id == oid.MSExtensionRequest
}

var errAttribute = errors.New("an attribute of the request has no value")

func (r *Request) writeAttributes(w *Writer) error {
	w.WriteString("        Attributes:\n")
	if len(r.attributes) == 0 && r.hasAttributes {
		w.WriteString("            (none)\n")
	}
	for _, a := range r.attributes {
		if isExtensionRequest(a.id) {
			continue
		}
		spaces(w, 12)
		name := w.Objects.Long(a.id)
		w.WriteString(name)
		if len(a.values) == 0 {
			return errAttribute
		}
		pad := 25 - len(name)
		for _, v := range a.values {
			spaces(w, pad)
			pad = 25
			w.WriteByte(':')
			switch v.Tag {
			case der.PrintableString, der.T61String, der.NumericString, der.UTF8String, der.IA5String:
				w.Write(v.Content)
				w.WriteByte('\n')
			default:
				w.WriteString("unable to print attribute\n")
			}
		}
	}
	return nil
}

// requested returns the extensions that the first attribute of them asks for.
func (r *Request) requested() (list []extension, ok bool) {
	for _, kind := range []oid.OID{oid.ExtensionRequest, oid.MSExtensionRequest} {
		for _, a := range r.attributes {
			if a.id != kind {
				continue
			}
			if len(a.values) == 0 {
				return nil, true
			}
			if a.values[0].Tag != der.Sequence {
				return nil, false
			}
			return readExtensions(sub(a.values[0]))
		}
	}
	return nil, true
}

func (r *Request) writeExtensions(w *Writer, fallback Fallback) error {
	list, ok := r.requested()
	if !ok {
		return nil
	}
	w.WriteString("            Requested Extensions:\n")
	extensions(w, "", list, 16, fallback)
	return nil
}
