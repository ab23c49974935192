package opensslconf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Extensions that nothing else here speaks of.
const (
	nsBaseURL           oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x02" // 2.16.840.1.113730.1.2
	nsRevocationURL     oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x03" // 2.16.840.1.113730.1.3
	nsCARevocationURL   oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x04" // 2.16.840.1.113730.1.4
	nsRenewalURL        oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x07" // 2.16.840.1.113730.1.7
	nsCAPolicyURL       oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x08" // 2.16.840.1.113730.1.8
	nsSSLServerName     oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x0c" // 2.16.840.1.113730.1.12
	acceptableResponses oid.OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x04" // 1.3.6.1.5.5.7.48.1.4
	subjectSignTool     oid.OID = "\x2a\x85\x03\x64\x6f"                 // 1.2.643.100.111
	issuerSignTool      oid.OID = "\x2a\x85\x03\x64\x70"                 // 1.2.643.100.112
	proxyCertInfo       oid.OID = "\x2b\x06\x01\x05\x05\x07\x01\x0e"     // 1.3.6.1.5.5.7.1.14
)

// value writes the value of an extension that has a syntax of its own.
func (m *maker) value(id oid.OID, value string) ([]byte, error) {
	b := der.NewBuilder(nil)
	var err error
	switch id {
	case oid.SubjectKeyIdentifier:
		err = m.subjectKeyIdentifier(b, value)
	case oid.InhibitAnyPolicy:
		err = integer(b, der.Integer, value)
	case oid.OCSPNoCheck:
		b.Null()
	case nsBaseURL, nsRevocationURL, nsCARevocationURL, nsRenewalURL, nsCAPolicyURL, nsSSLServerName, oid.NetscapeComment:
		b.AddString(der.IA5String, value)
	case subjectSignTool:
		b.AddString(der.UTF8String, value)
	case oid.CertificatePolicies:
		err = m.policies(b, value)
	case proxyCertInfo:
		err = m.proxyCertInfo(b, value)
	default:
		write := m.listWriter(id)
		if write == nil {
			return nil, errors.New("there is no syntax for its value; write DER: or ASN1: before it")
		}
		items, err := m.list(value)
		if err != nil {
			return nil, err
		}
		err = write(b, items)
		return b.Bytes(), err
	}
	return b.Bytes(), err
}

// listWriter returns what writes an extension of many values, nil where there
// is no such extension.
func (m *maker) listWriter(id oid.OID) func(*der.Builder, []item) error {
	switch id {
	case oid.BasicConstraints:
		return basicConstraints
	case oid.KeyUsage:
		return func(b *der.Builder, items []item) error { return namedBits(b, items, keyUsageBit) }
	case oid.NetscapeCertType:
		return func(b *der.Builder, items []item) error { return namedBits(b, items, netscapeBit) }
	case oid.ExtKeyUsage, acceptableResponses:
		return m.keyPurposes
	case oid.AuthorityKeyIdentifier:
		return m.authorityKeyIdentifier
	case oid.SubjectAltName:
		return m.subjectAltName
	case oid.IssuerAltName:
		return m.issuerAltName
	case oid.AuthorityInfoAccess, oid.SubjectInfoAccess:
		return m.access
	case oid.CRLDistributionPoints, oid.FreshestCRL:
		return m.distributionPoints
	case oid.IssuingDistributionPoint:
		return m.issuingDistributionPoint
	case oid.PolicyMappings:
		return m.policyMappings
	case oid.PolicyConstraints:
		return policyConstraints
	case oid.NameConstraints:
		return m.nameConstraints
	case oid.TLSFeature:
		return tlsFeature
	case issuerSignTool:
		return signTool
	case ipAddrBlocks:
		return ipBlocks
	case autonomousSys:
		return autonomousSystems
	case strongExtranet:
		return extranet
	}
	return nil
}

func integer(b *der.Builder, tag der.Tag, text string) error {
	n, err := parseInteger(text)
	if err != nil {
		return err
	}
	at := b.Len()
	b.BigInt(n)
	b.Bytes()[at] = byte(tag)
	return nil
}

func unknownItem(i item) error {
	if i.has {
		return fmt.Errorf("%q is not a name that it has (in %s:%s)", clip(i.name), clip(i.name), clip(i.value))
	}
	return fmt.Errorf("%q is not a name that it has", clip(i.name))
}

func basicConstraints(b *der.Builder, items []item) error {
	ca, pathLen := false, ""
	for _, i := range items {
		switch i.name {
		case "CA":
			var err error
			if ca, err = parseBool(i.value); err != nil {
				return fmt.Errorf("CA: %w", err)
			}
		case "pathlen":
			if _, err := parseInteger(i.value); err != nil {
				return fmt.Errorf("pathlen: %w", err)
			}
			pathLen = i.value
		default:
			return unknownItem(i)
		}
	}
	mark := b.Begin(der.Sequence)
	if ca {
		b.Bool(true)
	}
	if pathLen != "" {
		if err := integer(b, der.Integer, pathLen); err != nil {
			return err
		}
	}
	b.End(mark)
	return nil
}

func keyUsageBit(name string) (bit int, ok bool) {
	switch name {
	case "digitalSignature", "Digital Signature":
		return 0, true
	case "nonRepudiation", "Non Repudiation":
		return 1, true
	case "keyEncipherment", "Key Encipherment":
		return 2, true
	case "dataEncipherment", "Data Encipherment":
		return 3, true
	case "keyAgreement", "Key Agreement":
		return 4, true
	case "keyCertSign", "Certificate Sign":
		return 5, true
	case "cRLSign", "CRL Sign":
		return 6, true
	case "encipherOnly", "Encipher Only":
		return 7, true
	case "decipherOnly", "Decipher Only":
		return 8, true
	}
	return 0, false
}

func netscapeBit(name string) (bit int, ok bool) {
	switch name {
	case "client", "SSL Client":
		return 0, true
	case "server", "SSL Server":
		return 1, true
	case "email", "S/MIME":
		return 2, true
	case "objsign", "Object Signing":
		return 3, true
	case "reserved", "Unused":
		return 4, true
	case "sslCA", "SSL CA":
		return 5, true
	case "emailCA", "S/MIME CA":
		return 6, true
	case "objCA", "Object Signing CA":
		return 7, true
	}
	return 0, false
}

func namedBits(b *der.Builder, items []item, bitOf func(string) (int, bool)) error {
	var bits uint32
	for _, i := range items {
		bit, ok := bitOf(i.name)
		if !ok {
			return unknownItem(i)
		}
		bits |= 1 << bit
	}
	b.NamedBits(der.BitString, bits)
	return nil
}

func (m *maker) keyPurposes(b *der.Builder, items []item) error {
	mark := b.Begin(der.Sequence)
	for _, i := range items {
		text := i.name
		if i.has {
			text = i.value
		}
		id, err := m.lists.Object(text)
		if err != nil {
			return err
		}
		b.OID(string(id))
	}
	b.End(mark)
	return nil
}

func (m *maker) policyMappings(b *der.Builder, items []item) error {
	mark := b.Begin(der.Sequence)
	for _, i := range items {
		if !i.has {
			return fmt.Errorf("%q is no mapping; write ISSUERS-POLICY:SUBJECTS-POLICY", clip(i.name))
		}
		theirs, err := m.lists.Object(i.name)
		if err != nil {
			return err
		}
		ours, err := m.lists.Object(i.value)
		if err != nil {
			return err
		}
		pair := b.Begin(der.Sequence)
		b.OID(string(theirs))
		b.OID(string(ours))
		b.End(pair)
	}
	b.End(mark)
	return nil
}

func policyConstraints(b *der.Builder, items []item) error {
	var require, inhibit string
	for _, i := range items {
		if _, err := parseInteger(i.value); err != nil {
			return fmt.Errorf("%s: %w", clip(i.name), err)
		}
		switch i.name {
		case "requireExplicitPolicy":
			require = i.value
		case "inhibitPolicyMapping":
			inhibit = i.value
		default:
			return unknownItem(i)
		}
	}
	if require == "" && inhibit == "" {
		return errors.New("it says nothing; give requireExplicitPolicy or inhibitPolicyMapping a number")
	}
	mark := b.Begin(der.Sequence)
	for n, text := range []string{require, inhibit} {
		if text != "" {
			if err := integer(b, der.Context(uint8(n)), text); err != nil {
				return err
			}
		}
	}
	b.End(mark)
	return nil
}

// tlsFeature writes numbers of TLS extensions (RFC 7633), two of which have names.
func tlsFeature(b *der.Builder, items []item) error {
	mark := b.Begin(der.Sequence)
	for _, i := range items {
		text := i.name
		if i.has {
			text = i.value
		}
		switch strings.ToLower(text) {
		case "status_request":
			b.Int(5)
			continue
		case "status_request_v2":
			b.Int(17)
			continue
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimLeft(text, blanks), "+"), 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no TLS feature; write status_request, status_request_v2 or a number up to 65535", clip(text))
		}
		b.Int(int64(n))
	}
	b.End(mark)
	return nil
}

// signTool writes Russia's issuerSignTool: four texts about the issuer's tools.
func signTool(b *der.Builder, items []item) error {
	names := [...]string{"signTool", "cATool", "signToolCert", "cAToolCert"}
	var texts [len(names)]string
	for _, i := range items {
		known := false
		for n, name := range names {
			if i.name == name {
				texts[n], known = i.value, true
			}
		}
		if !known {
			return unknownItem(i)
		}
	}
	mark := b.Begin(der.Sequence)
	for _, text := range texts {
		b.AddString(der.UTF8String, text)
	}
	b.End(mark)
	return nil
}
