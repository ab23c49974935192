package pkcs10

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// ErrIndefinite says that a request is written in BER with lengths left open.
// What was signed is then ambiguous, so that it is not read at all.
var ErrIndefinite = errors.New("the request uses BER indefinite lengths, which a certification request may not: write it again in DER")

// Parse reads one request. It takes whatever can be understood as a
// CertificationRequest (RFC 2986, Section 4) and lists what is irregular in
// Deviations. The result shares the memory of raw.
func Parse(raw []byte) (*Request, error) {
	r := &Request{}
	if err := r.read(raw); err != nil {
		if errors.Is(err, der.ErrIndefinite) {
			return nil, ErrIndefinite
		}
		return nil, fmt.Errorf("reading a certification request: %w", err)
	}
	return r, nil
}

func (r *Request) read(raw []byte) error {
	rest := der.Reader(raw)
	outer, err := rest.Take(der.Sequence)
	if err != nil {
		return err
	}
	r.Raw, r.Trailing = outer.Raw, rest
	if len(rest) > 0 {
		r.deviate("%d bytes follow the request", len(rest))
	}
	if err := der.Strict(outer.Raw); errors.Is(err, der.ErrIndefinite) {
		return err
	} else if err != nil {
		r.deviate("the encoding is not DER: %v", err)
	}
	in := outer.Children()
	info, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("certificationRequestInfo: %w", err)
	}
	r.RawInfo = info.Raw
	if err := r.readInfo(info.Children()); err != nil {
		return fmt.Errorf("certificationRequestInfo: %w", err)
	}
	return r.readSignature(in)
}

func (r *Request) deviate(format string, args ...any) {
	r.Deviations = append(r.Deviations, fmt.Sprintf(format, args...))
}

func (r *Request) readInfo(in der.Reader) error {
	if err := r.readVersion(&in); err != nil {
		return err
	}
	subject, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	if r.Subject, err = dn.Parse(subject.Raw); err != nil {
		r.Subject, r.SubjectProblem = dn.Name{Raw: subject.Raw}, err
		r.deviate("the subject cannot be read: %v", err)
	}
	r.checkSubject()
	spki, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("subjectPKInfo: %w", err)
	}
	if r.PublicKey, err = key.ParsePublic(spki.Raw); err != nil {
		r.PublicKey = &key.Public{Raw: spki.Raw, Type: "unknown", Problem: err}
		r.deviate("the public key cannot be read: %v", err)
	}
	if err := r.readAttributes(&in); err != nil {
		return err
	}
	if len(in) > 0 {
		r.deviate("%d bytes follow the attributes, where the request should end", len(in))
	}
	return nil
}

// checkSubject looks at the order of attributes inside relative names.
func (r *Request) checkSubject() {
	for _, rdn := range r.Subject.RDNs {
		for i := 1; i < len(rdn); i++ {
			if bytes.Compare(rdn[i-1].Raw, rdn[i].Raw) > 0 {
				r.deviate("the attributes of a multi-valued part of the subject are not in the order DER asks for in a SET OF")
				return
			}
		}
	}
}

func (r *Request) readVersion(in *der.Reader) error {
	version, ok, err := in.Optional(der.Integer)
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	if !ok {
		r.deviate("the version is missing")
		return nil
	}
	if len(version.Content) == 1 && version.Content[0] == 0 {
		return nil
	}
	if r.Version, err = version.Int(); err != nil {
		r.Version = -1
		r.deviate("the version is %x; the only one there is is 0", version.Content)
	} else if r.Version != 0 {
		r.deviate("the version is %d; the only one there is is 0", r.Version)
	}
	return nil
}

func (r *Request) readSignature(in der.Reader) error {
	algorithm, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("signatureAlgorithm: %w", err)
	}
	if r.SignatureAlgorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw); err != nil {
		r.SignatureAlgorithm = key.AlgorithmIdentifier{Raw: algorithm.Raw}
		r.deviate("the signature algorithm cannot be read: %v", err)
	}
	signature, err := in.Next()
	switch {
	case err != nil && len(in) == 0:
		return errors.New("signature: BIT STRING is missing")
	case err != nil:
		return fmt.Errorf("signature: %w", err)
	case signature.Tag == der.OctetString:
		r.Signature = signature.Content
		r.deviate("the signature is an OCTET STRING; it should be a BIT STRING")
	case signature.Tag != der.BitString:
		return fmt.Errorf("signature: found %v where BIT STRING belongs", signature.Tag)
	default:
		octets, unused, err := signature.Bits()
		if err != nil {
			r.deviate("the signature cannot be read: %v", err)
		} else if unused != 0 {
			r.ragged = true
			r.deviate("the signature does not end on a whole octet")
		}
		r.Signature = octets
	}
	if len(in) > 0 {
		r.deviate("%d bytes follow the signature, inside the request", len(in))
	}
	return nil
}

// maxAttributes bounds the work a hostile request can ask for; requests in the
// field have fewer than ten.
const maxAttributes = 1000

func (r *Request) readAttributes(in *der.Reader) error {
	set, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if !ok {
		if set, ok, err = in.Optional(der.Set); err != nil {
			return fmt.Errorf("attributes: %w", err)
		}
		if !ok {
			r.deviate("the attributes are missing; an empty [0] should stand in their place")
			return nil
		}
		r.deviate("the attributes are tagged SET; they should be tagged [0]")
	}
	var last []byte
	sorted := true
	for children := set.Children(); !children.Empty(); {
		e, err := children.Next()
		if err != nil {
			return fmt.Errorf("attributes: %w", err)
		}
		if len(r.Attributes) == maxAttributes {
			return fmt.Errorf("attributes: there are more than %d", maxAttributes)
		}
		a := r.readAttribute(e)
		if _, twice := r.Attribute(a.ID); twice && a.ID != "" {
			r.deviate("the attribute %s appears more than once", a.ID.Name())
		}
		r.Attributes = append(r.Attributes, a)
		sorted = sorted && bytes.Compare(last, e.Raw) <= 0
		last = e.Raw
	}
	if !sorted {
		r.deviate("the attributes are not in the order DER asks for in a SET OF")
	}
	r.readExtensions()
	return nil
}

// readAttribute never fails: an attribute that makes no sense is kept raw.
func (r *Request) readAttribute(e der.Element) Attribute {
	a := Attribute{Raw: e.Raw}
	if e.Tag != der.Sequence {
		r.deviate("an attribute is %v; it should be a SEQUENCE", e.Tag)
		return a
	}
	in := e.Children()
	id, err := in.Take(der.ObjectIdentifier)
	if err == nil {
		a.ID, err = oid.ParseContent(id.Content)
	}
	if err != nil {
		a.ID = ""
		r.deviate("an attribute has no readable type: %v", err)
		return a
	}
	r.readValues(&a, in)
	return a
}

func (r *Request) readValues(a *Attribute, in der.Reader) {
	name := func() string { return a.ID.Name() }
	set, ok, err := in.Optional(der.Set)
	switch {
	case err != nil:
		r.deviate("the values of attribute %s cannot be read: %v", name(), err)
		return
	case ok && len(in) > 0:
		r.deviate("%d bytes follow the values of attribute %s", len(in), name())
	case !ok && len(in) == 0:
		r.deviate("the attribute %s has no values at all", name())
		return
	case !ok:
		r.deviate("the value of attribute %s is not in a SET", name())
		set.Content = in
	}
	sorted := true
	for children := set.Children(); !children.Empty(); {
		value, err := children.Next()
		if err != nil {
			r.deviate("the values of attribute %s cannot be read: %v", name(), err)
			return
		}
		if n := len(a.Values); n > 0 {
			sorted = sorted && bytes.Compare(a.Values[n-1], value.Raw) <= 0
		}
		a.Values = append(a.Values, value.Raw)
	}
	switch {
	case len(a.Values) == 0:
		r.deviate("the attribute %s has an empty set of values", name())
	case len(a.Values) > 1 && singleValued(a.ID):
		r.deviate("the attribute %s has %d values; it may have one", name(), len(a.Values))
	}
	if len(a.Values) > 0 && textual(a.ID) {
		if _, err := ParseText(a.Values[0]); err != nil {
			r.deviate("the value of attribute %s is no text: %v", name(), err)
		}
	}
	if !sorted {
		r.deviate("the values of attribute %s are not in the order DER asks for in a SET OF", name())
	}
}

// textual reports whether the values of the attribute are character strings
// (RFC 2985, Section 5.4.1 and 5.4.3; Section 5.2).
func textual(id oid.OID) bool {
	return id == oid.ChallengePassword || id == oid.UnstructuredName || id == oid.UnstructuredAddress
}

// singleValued reports whether RFC 2985 gives the attribute SINGLE VALUE TRUE.
func singleValued(id oid.OID) bool {
	return id == oid.ChallengePassword || id == oid.ExtensionRequest
}
