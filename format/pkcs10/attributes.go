package pkcs10

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Capability is one entry of the smimeCapabilities attribute.
type Capability struct {
	ID         oid.OID
	Parameters []byte // whole DER; nil where they are absent
}

// ParseSMIMECapabilities decodes a value of smimeCapabilities: the ciphers a
// mail program takes, best first (RFC 8551, Section 2.5.2).
func ParseSMIMECapabilities(value []byte) ([]Capability, error) {
	list, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("smimeCapabilities: %w", err)
	}
	var out []Capability
	for in := list.Children(); !in.Empty(); {
		e, err := in.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("smimeCapabilities: %w", err)
		}
		fields := e.Children()
		id, err := takeOID(&fields)
		if err != nil {
			return nil, fmt.Errorf("smimeCapabilities: %w", err)
		}
		c := Capability{ID: id}
		if len(fields) > 0 {
			c.Parameters = fields
		}
		out = append(out, c)
	}
	return out, nil
}

// ClientInfo is Microsoft's request client information: the program that made
// the request, and where it ran ([MS-WCCE], Section 2.2.2.7.4).
type ClientInfo struct {
	ClientID int
	Machine  string
	User     string
	Process  string
}

// ParseClientInfo decodes a value of Microsoft's request client information.
func ParseClientInfo(value []byte) (ClientInfo, error) {
	var c ClientInfo
	in, err := children(value)
	if err != nil {
		return c, fmt.Errorf("request client information: %w", err)
	}
	id, err := in.Take(der.Integer)
	if err == nil {
		c.ClientID, err = id.Int()
	}
	for _, field := range []*string{&c.Machine, &c.User, &c.Process} {
		if err == nil {
			*field, err = takeText(&in)
		}
	}
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return c, fmt.Errorf("request client information: %w", err)
	}
	return c, nil
}

// CSP is Microsoft's enrolment CSP: the cryptographic provider that holds the
// key ([MS-WCCE], Section 2.2.2.7.2).
type CSP struct {
	KeySpec   int // 1 AT_KEYEXCHANGE, 2 AT_SIGNATURE, 0 where the provider has no such notion
	Provider  string
	Signature []byte
}

// ParseCSP decodes a value of Microsoft's enrolment CSP.
func ParseCSP(value []byte) (CSP, error) {
	var c CSP
	in, err := children(value)
	if err != nil {
		return c, fmt.Errorf("enrolment CSP: %w", err)
	}
	spec, err := in.Take(der.Integer)
	if err == nil {
		c.KeySpec, err = spec.Int()
	}
	if err == nil {
		c.Provider, err = takeText(&in)
	}
	if err == nil {
		var bits der.Element
		if bits, err = in.Take(der.BitString); err == nil {
			c.Signature, _, err = bits.Bits()
		}
	}
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return c, fmt.Errorf("enrolment CSP: %w", err)
	}
	return c, nil
}

// NameValue is Microsoft's enrolment name-value pair, such as
// CertificateTemplate ([MS-WCCE], Section 2.2.2.7.10).
type NameValue struct {
	Name, Value string
}

// ParseNameValue decodes a value of Microsoft's enrolment name-value pair.
func ParseNameValue(value []byte) (NameValue, error) {
	var n NameValue
	in, err := children(value)
	if err == nil {
		n.Name, err = takeText(&in)
	}
	if err == nil {
		n.Value, err = takeText(&in)
	}
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return n, fmt.Errorf("enrolment name and value: %w", err)
	}
	return n, nil
}

func children(value []byte) (der.Reader, error) {
	e, err := der.ParseTag(value, der.Sequence)
	return e.Children(), err
}

func takeOID(in *der.Reader) (oid.OID, error) {
	e, err := in.Take(der.ObjectIdentifier)
	if err != nil {
		return "", err
	}
	return oid.ParseContent(e.Content)
}

func takeText(in *der.Reader) (string, error) {
	e, err := in.Next()
	if err != nil {
		return "", err
	}
	return e.Text()
}
