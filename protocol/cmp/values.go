package cmp

import (
	"fmt"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// ImplicitConfirm makes the generalInfo that asks for, or grants, that no
// certConf follows.
func ImplicitConfirm() Info { return Info{InfoImplicitConfirm, []byte{byte(der.Null), 0}} }

// ConfirmWaitTime makes the generalInfo that says until when a certConf is
// waited for.
func ConfirmWaitTime(until time.Time) Info {
	var b der.Builder
	b.GeneralizedTime(until)
	return Info{InfoConfirmWaitTime, b.Bytes()}
}

// CertProfile makes the generalInfo that names the profiles asked for.
func CertProfile(names ...string) Info { return Info{InfoCertProfile, freeText(names)} }

// LanguageTags makes suppLangTags.
func LanguageTags(tags ...string) Info { return Info{InfoSuppLangTags, freeText(tags)} }

// Texts reads the value of certProfile or suppLangTags.
func (i Info) Texts() ([]string, error) { return named(i, parseFreeText) }

// OriginalMessages makes origPKIMessage, for a registration authority that
// changed what it passes on.
func OriginalMessages(all ...*Message) Info { return Info{InfoOrigPKIMessage, nest(all)} }

// Messages reads the value of origPKIMessage.
func (i Info) Messages() ([]*Message, error) { return named(i, parseMessages) }

// NewInteger makes an Info whose value is a number.
func NewInteger(t oid.OID, n int64) Info {
	var b der.Builder
	b.Int(n)
	return Info{t, b.Bytes()}
}

// Time reads the value of confirmWaitTime.
func (i Info) Time() (time.Time, error) {
	return named(i, func(raw []byte) (time.Time, error) {
		e, err := der.ParseTag(raw, der.GeneralizedTime)
		if err != nil {
			return time.Time{}, err
		}
		return e.Time()
	})
}

// named adds the name of the type to an error about its value.
func named[T any](i Info, read func([]byte) (T, error)) (T, error) {
	v, err := read(i.Value)
	if err != nil {
		return v, fmt.Errorf("%s: %w", i.Name(), err)
	}
	return v, nil
}

// NewSequence makes an Info whose value is a list of certificates
// (caCerts), lists (crls) or algorithms (signKeyPairTypes, encKeyPairTypes),
// each in DER.
func NewSequence(t oid.OID, all ...[]byte) Info { return Info{t, listOf(all...)} }

// Sequence reads the value of caCerts, crls, signKeyPairTypes and
// encKeyPairTypes.
func (i Info) Sequence() ([][]byte, error) {
	return named(i, func(raw []byte) ([][]byte, error) { return sequenceOf(raw, maxList) })
}

// Algorithms reads the value of signKeyPairTypes and encKeyPairTypes.
func (i Info) Algorithms() ([]key.AlgorithmIdentifier, error) {
	list, err := i.Sequence()
	if err != nil {
		return nil, err
	}
	var all []key.AlgorithmIdentifier
	for _, raw := range list {
		a, err := key.ParseAlgorithmIdentifier(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.Name(), err)
		}
		all = append(all, a)
	}
	return all, nil
}

// RootUpdate is RootCaKeyUpdateContent (RFC 9810, Section 5.3.19.15), with
// certificates in DER; nil is absent.
type RootUpdate struct {
	NewWithNew, NewWithOld, OldWithNew []byte
}

// NewRootUpdate makes rootCaKeyUpdate.
func NewRootUpdate(u RootUpdate) Info {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(u.NewWithNew)
	for i, c := range [][]byte{u.NewWithOld, u.OldWithNew} {
		if c != nil {
			b.Add(der.ContextConstructed(uint8(i)), c)
		}
	}
	b.End(outer)
	return Info{InfoRootCAKeyUpdate, b.Bytes()}
}

// RootUpdate reads the value of rootCaKeyUpdate.
func (i Info) RootUpdate() (RootUpdate, error) {
	return named(i, func(raw []byte) (u RootUpdate, err error) {
		outer, err := der.ParseTag(raw, der.Sequence)
		if err != nil {
			return u, err
		}
		in := outer.Children()
		fresh, err := in.Take(der.Sequence)
		if err != nil {
			return u, fmt.Errorf("newWithNew: %w", err)
		}
		u.NewWithNew = fresh.Raw
		for n, to := range []*[]byte{&u.NewWithOld, &u.OldWithNew} {
			c, ok, err := explicit(&in, uint8(n), der.Sequence)
			if err != nil {
				return u, err
			}
			if ok {
				*to = c.Raw
			}
		}
		return u, in.End()
	})
}

// Controls of the keySpec of a certReqTemplate (RFC 9810, Section 5.3.19.16).
const (
	ControlAlgorithm oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x0b" // 1.3.6.1.5.5.7.5.1.11, id-regCtrl-algId
	ControlRSAKeyLen oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x0c" // 1.3.6.1.5.5.7.5.1.12, id-regCtrl-rsaKeyLen
)

// RequestTemplate is CertReqTemplateContent: what a request should say.
type RequestTemplate struct {
	Template   crmf.Template
	Algorithms []key.AlgorithmIdentifier // of keys
	RSABits    []int
}

// NewRequestTemplate makes certReqTemplate.
func NewRequestTemplate(t RequestTemplate) Info {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(crmf.MarshalTemplate(t.Template))
	if len(t.Algorithms)+len(t.RSABits) > 0 {
		specs := b.Begin(der.Sequence)
		for _, a := range t.Algorithms {
			one := b.Begin(der.Sequence)
			b.OID(string(ControlAlgorithm))
			b.Raw(a.Raw)
			b.End(one)
		}
		for _, n := range t.RSABits {
			one := b.Begin(der.Sequence)
			b.OID(string(ControlRSAKeyLen))
			b.Int(int64(n))
			b.End(one)
		}
		b.End(specs)
	}
	b.End(outer)
	return Info{InfoCertReqTemplate, b.Bytes()}
}

// RequestTemplate reads the value of certReqTemplate.
func (i Info) RequestTemplate() (RequestTemplate, error) {
	return named(i, func(raw []byte) (t RequestTemplate, err error) {
		outer, err := der.ParseTag(raw, der.Sequence)
		if err != nil {
			return t, err
		}
		in := outer.Children()
		template, err := in.Take(der.Sequence)
		if err == nil {
			t.Template, _, err = crmf.ParseTemplate(template.Raw)
		}
		if err != nil {
			return t, fmt.Errorf("certTemplate: %w", err)
		}
		specs, ok, err := in.Optional(der.Sequence)
		if err == nil && ok {
			err = t.readSpecs(specs.Raw)
		}
		if err != nil {
			return t, fmt.Errorf("keySpec: %w", err)
		}
		return t, in.End()
	})
}

// readSpecs reads keySpec; controls that are not known are passed over.
func (t *RequestTemplate) readSpecs(raw []byte) error {
	specs, err := parseInfos(raw)
	if err != nil {
		return err
	}
	for _, s := range specs {
		switch s.Type {
		case ControlAlgorithm:
			a, err := key.ParseAlgorithmIdentifier(s.Value)
			if err != nil {
				return err
			}
			t.Algorithms = append(t.Algorithms, a)
		case ControlRSAKeyLen:
			in := der.Reader(s.Value)
			n, err := takeInt(&in)
			if err != nil {
				return err
			}
			t.RSABits = append(t.RSABits, n)
		}
	}
	return nil
}

// CRLStatus asks for, or names, a revocation list: by its issuer or its
// distribution point (RFC 9810, Section 5.3.19.17). One of the two is there.
type CRLStatus struct {
	Issuer     []ext.GeneralName
	Point      []ext.GeneralName // fullName
	Relative   []byte            // nameRelativeToCRLIssuer: an RDN, in DER
	ThisUpdate time.Time         // of the list at hand; zero where there is none
}

// NewCRLStatusList makes crlStatusList.
func NewCRLStatusList(all ...CRLStatus) Info {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, s := range all {
		one := b.Begin(der.Sequence)
		switch {
		case len(s.Issuer) > 0:
			b.Add(der.ContextConstructed(1), ext.MarshalGeneralNames(s.Issuer))
		default:
			point := b.Begin(der.ContextConstructed(0))
			full := ext.MarshalGeneralNames(s.Point)
			b.Raw([]byte{byte(der.ContextConstructed(0))}, full[1:])
			b.End(point)
		}
		if !s.ThisUpdate.IsZero() {
			b.Time(s.ThisUpdate)
		}
		b.End(one)
	}
	b.End(outer)
	return Info{InfoCRLStatusList, b.Bytes()}
}

// CRLStatusList reads the value of crlStatusList.
func (i Info) CRLStatusList() ([]CRLStatus, error) {
	return named(i, func(raw []byte) (all []CRLStatus, err error) {
		err = each(raw, maxList, func(e der.Element) error {
			s, err := parseCRLStatus(e)
			all = append(all, s)
			return err
		})
		return all, err
	})
}

func parseCRLStatus(e der.Element) (s CRLStatus, err error) {
	in := e.Children()
	source, err := in.Next()
	if err != nil {
		return s, fmt.Errorf("source: %w", err)
	}
	switch source.Tag {
	case der.ContextConstructed(1):
		s.Issuer, err = ext.ParseGeneralNames(source.Content)
	case der.ContextConstructed(0):
		var point der.Element
		if point, err = der.Parse(source.Content); err != nil {
			break
		}
		switch point.Tag {
		case der.ContextConstructed(0):
			s.Point, err = ext.ParseGeneralNames(append([]byte{byte(der.Sequence)}, point.Raw[1:]...))
		case der.ContextConstructed(1):
			s.Relative = append([]byte{byte(der.Set)}, point.Raw[1:]...)
		default:
			err = fmt.Errorf("found %v where a distribution point belongs", point.Tag)
		}
	default:
		err = fmt.Errorf("found %v where an issuer or distribution point belongs", source.Tag)
	}
	if err != nil {
		return s, fmt.Errorf("source: %w", err)
	}
	if !in.Empty() {
		when, err := in.Next()
		if err == nil {
			s.ThisUpdate, err = when.Time()
		}
		if err != nil {
			return s, fmt.Errorf("thisUpdate: %w", err)
		}
	}
	return s, in.End()
}
