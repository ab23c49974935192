package pkcs10

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Template is what a new request says.
type Template struct {
	Subject    dn.Name
	Extensions []ext.Extension
	Attributes []Attribute // besides extensionRequest; Raw is ignored
	// PublicKey is the key that is asked for where it is not the one that signs:
	// the request then does not prove possession. It is nil elsewhere.
	PublicKey *key.Public
}

// Create writes and signs a request. It is DER: attributes and their values
// are sorted as a SET OF asks for (X.690, Section 11.6).
func Create(t Template, k *key.Private, alg key.SignatureAlgorithm) (*Request, error) {
	if k.Signer == nil {
		return nil, fmt.Errorf("a key of type %s cannot sign, and a PKCS#10 request must be signed by its own key", k.Public)
	}
	public := k.Public
	if t.PublicKey != nil {
		public = t.PublicKey
	}
	info, err := t.info(public)
	if err != nil {
		return nil, fmt.Errorf("writing a certification request: %w", err)
	}
	signature, err := key.Sign(k.Signer, alg, info)
	if err != nil {
		return nil, fmt.Errorf("signing a certification request: %w", err)
	}
	var b der.Builder
	whole := b.Begin(der.Sequence)
	b.Raw(info, alg.Identifier.Raw)
	b.Bits(signature)
	b.End(whole)
	return Parse(b.Bytes())
}

func (t Template) info(public *key.Public) ([]byte, error) {
	attributes, err := t.attributes()
	if err != nil {
		return nil, err
	}
	subject := t.Subject
	if subject.Raw == nil {
		subject = dn.Empty()
	}
	var b der.Builder
	info := b.Begin(der.Sequence)
	b.Int(0)
	b.Raw(subject.Raw, public.Raw)
	set := b.Begin(der.ContextConstructed(0))
	b.Raw(attributes...)
	b.End(set)
	b.End(info)
	return b.Bytes(), nil
}

func (t Template) attributes() ([][]byte, error) {
	var list [][]byte
	if len(t.Extensions) > 0 {
		list = append(list, marshalAttribute(oid.ExtensionRequest, [][]byte{ext.Marshal(t.Extensions)}))
	}
	for _, a := range t.Attributes {
		switch {
		case a.ID == "":
			return nil, errors.New("an attribute has no type")
		case len(a.Values) == 0:
			return nil, fmt.Errorf("the attribute %s has no value", a.ID.Name())
		case a.ID == oid.ExtensionRequest && len(t.Extensions) > 0:
			return nil, errors.New("the extensions are given twice: by themselves, and as an attribute")
		}
		for _, value := range a.Values {
			if _, err := der.Parse(value); err != nil {
				return nil, fmt.Errorf("a value of the attribute %s is not DER: %w", a.ID.Name(), err)
			}
		}
		list = append(list, marshalAttribute(a.ID, a.Values))
	}
	slices.SortFunc(list, bytes.Compare)
	return list, nil
}

func marshalAttribute(id oid.OID, values [][]byte) []byte {
	values = slices.SortedFunc(slices.Values(values), bytes.Compare)
	var b der.Builder
	attribute := b.Begin(der.Sequence)
	b.OID(string(id))
	set := b.Begin(der.Set)
	b.Raw(values...)
	b.End(set)
	b.End(attribute)
	return b.Bytes()
}
