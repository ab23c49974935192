package cmp

import (
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Types of generalInfo, genm and genp (RFC 9810, Section 5.1.1 and 5.3.19).
const (
	InfoCAProtEncCert    oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x01" // 1.3.6.1.5.5.7.4.1
	InfoSignKeyPairTypes oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x02" // 1.3.6.1.5.5.7.4.2
	InfoEncKeyPairTypes  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x03" // 1.3.6.1.5.5.7.4.3
	InfoPreferredSymmAlg oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x04" // 1.3.6.1.5.5.7.4.4
	InfoCAKeyUpdate      oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x05" // 1.3.6.1.5.5.7.4.5
	InfoCurrentCRL       oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x06" // 1.3.6.1.5.5.7.4.6
	InfoUnsupportedOIDs  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x07" // 1.3.6.1.5.5.7.4.7
	InfoKeyPairParamReq  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0a" // 1.3.6.1.5.5.7.4.10
	InfoKeyPairParamRep  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0b" // 1.3.6.1.5.5.7.4.11
	InfoRevPassphrase    oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0c" // 1.3.6.1.5.5.7.4.12
	InfoImplicitConfirm  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0d" // 1.3.6.1.5.5.7.4.13
	InfoConfirmWaitTime  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0e" // 1.3.6.1.5.5.7.4.14
	InfoOrigPKIMessage   oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x0f" // 1.3.6.1.5.5.7.4.15
	InfoSuppLangTags     oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x10" // 1.3.6.1.5.5.7.4.16
	InfoCACerts          oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x11" // 1.3.6.1.5.5.7.4.17
	InfoRootCAKeyUpdate  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x12" // 1.3.6.1.5.5.7.4.18
	InfoCertReqTemplate  oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x13" // 1.3.6.1.5.5.7.4.19
	InfoRootCACert       oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x14" // 1.3.6.1.5.5.7.4.20
	InfoCertProfile      oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x15" // 1.3.6.1.5.5.7.4.21
	InfoCRLStatusList    oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x16" // 1.3.6.1.5.5.7.4.22
	InfoCRLs             oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x17" // 1.3.6.1.5.5.7.4.23
	InfoKEMCiphertext    oid.OID = "\x2b\x06\x01\x05\x05\x07\x04\x18" // 1.3.6.1.5.5.7.4.24
)

// Info is an InfoTypeAndValue.
type Info struct {
	Type  oid.OID
	Value []byte // in DER; nil where absent
}

const infoArc = len(InfoCRLs) - 1

// infoNames are the names of the types by the last number of theirs.
func infoNames() []string {
	return []string{
		1: "caProtEncCert", 2: "signKeyPairTypes", 3: "encKeyPairTypes", 4: "preferredSymmAlg", 5: "caKeyUpdateInfo", 6: "currentCRL",
		7: "unsupportedOIDs", 10: "keyPairParamReq", 11: "keyPairParamRep", 12: "revPassphrase", 13: "implicitConfirm", 14: "confirmWaitTime",
		15: "origPKIMessage", 16: "suppLangTags", 17: "caCerts", 18: "rootCaKeyUpdate", 19: "certReqTemplate", 20: "rootCaCert",
		21: "certProfile", 22: "crlStatusList", 23: "crls", 24: "KemCiphertextInfo",
	}
}

// Name returns the name that RFC 9810 gives the type, or the dotted
// identifier.
func (i Info) Name() string {
	names := infoNames()
	if len(i.Type) == infoArc+1 && i.Type[:infoArc] == InfoCRLs[:infoArc] && int(i.Type[infoArc]) < len(names) && names[i.Type[infoArc]] != "" {
		return names[i.Type[infoArc]]
	}
	return i.Type.String()
}

// InfoNamed returns the type that RFC 9810 gives a name, without a value; false
// for others.
func InfoNamed(name string) (Info, bool) {
	n := slices.Index(infoNames(), name)
	if name == "" || n < 0 {
		return Info{}, false
	}
	return Info{Type: InfoCRLs[:infoArc] + oid.OID([]byte{byte(n)})}, true
}

func find(all []Info, t oid.OID) (Info, bool) {
	for _, i := range all {
		if i.Type == t {
			return i, true
		}
	}
	return Info{}, false
}

// parseInfos reads SEQUENCE OF InfoTypeAndValue.
func parseInfos(raw []byte) ([]Info, error) {
	var all []Info
	err := each(raw, maxList, func(e der.Element) error {
		if e.Tag != der.Sequence {
			return fmt.Errorf("found %v where SEQUENCE belongs", e.Tag)
		}
		in := e.Children()
		t, err := in.Take(der.ObjectIdentifier)
		if err != nil {
			return err
		}
		i := Info{}
		if i.Type, err = oid.ParseContent(t.Content); err != nil {
			return err
		}
		if !in.Empty() {
			value, err := in.Next()
			if err != nil {
				return fmt.Errorf("%s: %w", i.Name(), err)
			}
			i.Value = value.Raw
		}
		all = append(all, i)
		return in.End()
	})
	return all, err
}

func encodeInfos(all []Info) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, i := range all {
		one := b.Begin(der.Sequence)
		b.OID(string(i.Type))
		b.Raw(i.Value)
		b.End(one)
	}
	b.End(outer)
	return b.Bytes()
}

// Infos reads a genm or genp.
func (b Body) Infos() ([]Info, error) {
	if err := b.want(GeneralMessage, GeneralResponse); err != nil {
		return nil, err
	}
	all, err := parseInfos(b.Content)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", b.Kind, err)
	}
	return all, nil
}

// NewInfos makes a genm or genp.
func NewInfos(kind BodyKind, all ...Info) Body { return NewBody(kind, encodeInfos(all)) }

// want refuses bodies of other kinds.
func (b Body) want(kinds ...BodyKind) error {
	for _, k := range kinds {
		if b.Kind == k {
			return nil
		}
	}
	return fmt.Errorf("the body is %v, not %v", b.Kind, kinds[0])
}
