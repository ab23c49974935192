package text

import (
	"bytes"
	"strings"

	"github.com/certwright/certwright/format/asn1tree"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Fallback says how an extension is printed that OpenSSL does not know or
// cannot read (the ext_ words of -certopt and -reqopt).
type Fallback uint8

// The fallbacks.
const (
	FallbackText  Fallback = iota // its octets as text (ext_default)
	FallbackError                 // <Not Supported> or <Parse Error> (ext_error)
	FallbackParse                 // its ASN.1 tree (ext_parse)
	FallbackDump                  // its octets in hexadecimal (ext_dump)
)

// extension is one Extension as it was read, as far as printing goes.
type extension struct {
	id       oid.OID
	critical bool
	value    []byte
}

// readExtensions reads the content of an Extensions SEQUENCE.
func readExtensions(in fields) (list []extension, ok bool) {
	for in.more() {
		one := sub(in.take(der.Sequence))
		var x extension
		x.id = one.object()
		x.critical = one.boolean(der.Boolean)
		x.value = one.take(der.OctetString).Content
		if !one.ok() || in.bad {
			return nil, false
		}
		list = append(list, x)
	}
	return list, in.ok()
}

// extensions writes a titled list of extensions; nothing where there are none.
func extensions(w *Writer, title string, list []extension, indent int, fallback Fallback) {
	if len(list) == 0 {
		return
	}
	if title != "" {
		spaces(w, indent)
		w.WriteString(title)
		w.WriteString(":\n")
		indent += 4
	}
	for _, x := range list {
		spaces(w, indent)
		w.WriteString(w.Objects.Long(x.id))
		w.WriteString(": ")
		if x.critical {
			w.WriteString("critical")
		}
		w.WriteByte('\n')
		extensionValue(w, x, indent+4, fallback)
		w.WriteByte('\n')
	}
}

func extensionValue(w *Writer, x extension, indent int, fallback Fallback) {
	problem := "<Not Supported>"
	if kind, ok := kindOf(x.id); ok {
		how := kind(w, x.value, indent)
		if how == unreadable {
			how = printOpen(w, kind, x.value, indent)
		}
		switch how {
		case printed:
			return
		case unprintable:
			fallback = FallbackText
		}
		problem = "<Parse Error>"
	}
	switch fallback {
	case FallbackError:
		spaces(w, indent)
		w.WriteString(problem)
		return
	case FallbackParse:
		if asn1tree.Write(w, x.value, asn1tree.Options{Indent: true, Dump: true, Long: w.Objects.more}) == nil {
			return
		}
	case FallbackDump:
		dump(w, x.value, indent)
		return
	}
	spaces(w, indent)
	printable(w, x.value)
}

// printOpen prints a value in which lengths were left open (BER).
func printOpen(w *Writer, kind valuePrinter, value []byte, indent int) state {
	if bytes.IndexByte(value, 0x80) < 0 {
		return unreadable
	}
	normal, err := cms.Normalize(value)
	if err != nil || bytes.Equal(normal, value) {
		return unreadable
	}
	return kind(w, normal, indent)
}

// state says how printing an extension went.
type state uint8

const (
	printed     state = iota
	unreadable        // nothing was written: it cannot be decoded
	unprintable       // it is decoded and cannot be written
)

func stateOf(ok bool) state {
	if ok {
		return printed
	}
	return unprintable
}

// valuePrinter writes the value of one kind of extension.
type valuePrinter func(w *Writer, value []byte, indent int) state

// values are what many extensions come down to: a list of texts on one line,
// or on a line each.
type values []string

func (v values) write(w *Writer, indent int, multiline bool) state {
	if !multiline || len(v) == 0 {
		spaces(w, indent)
		if len(v) == 0 {
			w.WriteString("<EMPTY>\n")
		}
	}
	for i, s := range v {
		if multiline {
			if i > 0 {
				w.WriteByte('\n')
			}
			spaces(w, indent)
		} else if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(s)
	}
	return printed
}

// writeSome is write on one line for extensions of which none is not printed.
func (v values) writeSome(w *Writer, indent int) state {
	if len(v) == 0 {
		return unprintable
	}
	return v.write(w, indent, false)
}

// line writes one indented text, up to its first zero octet.
func line(w *Writer, indent int, s string) state {
	spaces(w, indent)
	w.WriteString(untilZero(s))
	return printed
}

// untilZero cuts text where C would.
func untilZero(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// kindOf returns the printer of an extension that OpenSSL knows.
func kindOf(id oid.OID) (valuePrinter, bool) {
	for i := range kinds {
		if kinds[i].id == id {
			return kinds[i].print, true
		}
	}
	return nil, false
}

// kinds are the extensions that OpenSSL 3.0 prints in words.
var kinds = [...]struct {
	id    oid.OID
	print valuePrinter
}{
	{oid.SubjectKeyIdentifier, subjectKeyIdentifier},
	{oid.AuthorityKeyIdentifier, authorityKeyIdentifier},
	{oid.BasicConstraints, basicConstraints},
	{oid.KeyUsage, keyUsage},
	{oid.ExtKeyUsage, objects},
	{oid.SubjectAltName, alternativeNames},
	{oid.IssuerAltName, alternativeNames},
	{oid.CRLDistributionPoints, distributionPoints},
	{"\x2b\x06\x01\x05\x05\x07\x01\x01", accessDescriptions}, // 1.3.6.1.5.5.7.1.1
	{"\x55\x1d\x20", certificatePolicies},                    // 2.5.29.32
	{"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", timestamps}, // 1.3.6.1.4.1.11129.2.4.2
	{"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03", poison},     // 1.3.6.1.4.1.11129.2.4.3
	{"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x05", timestamps}, // 1.3.6.1.4.1.11129.2.4.5
	{"\x55\x1d\x14", integerValue},                           // 2.5.29.20
	{"\x55\x1d\x15", reasonCode},                             // 2.5.29.21
	{"\x55\x1d\x17", object},                                 // 2.5.29.23
	{"\x55\x1d\x18", generalizedTime},                        // 2.5.29.24
	{"\x55\x1d\x1b", integerValue},                           // 2.5.29.27
	{"\x55\x1d\x1c", issuingDistributionPoint},               // 2.5.29.28
	{"\x55\x1d\x1d", alternativeNames},                       // 2.5.29.29
	{"\x55\x1d\x1e", nameConstraints},                        // 2.5.29.30
	{"\x55\x1d\x21", policyMappings},                         // 2.5.29.33
	{"\x55\x1d\x24", policyConstraints},                      // 2.5.29.36
	{"\x55\x1d\x2e", distributionPoints},                     // 2.5.29.46
	{"\x55\x1d\x36", integerValue},                           // 2.5.29.54
	{"\x55\x1d\x10", privateKeyUsagePeriod},                  // 2.5.29.16
	{"\x2b\x06\x01\x05\x05\x07\x01\x0b", accessDescriptions}, // 1.3.6.1.5.5.7.1.11
	{"\x2b\x06\x01\x05\x05\x07\x01\x0e", proxyCertInfo},      // 1.3.6.1.5.5.7.1.14
	{"\x2b\x06\x01\x05\x05\x07\x01\x18", tlsFeature},         // 1.3.6.1.5.5.7.1.24
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x02", nonce},          // 1.3.6.1.5.5.7.48.1.2
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x03", crlID},          // 1.3.6.1.5.5.7.48.1.3
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x05", noCheck},        // 1.3.6.1.5.5.7.48.1.5
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x06", generalizedTime},
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x07", serviceLocator},
	{"\x2b\x06\x01\x05\x05\x07\x30\x01\x04", objects},          // 1.3.6.1.5.5.7.48.1.4
	{"\x2b\x06\x01\x05\x05\x07\x01\x07", ipResources},          // 1.3.6.1.5.5.7.1.7
	{"\x2b\x06\x01\x05\x05\x07\x01\x08", asResources},          // 1.3.6.1.5.5.7.1.8
	{"\x2b\x65\x01\x04\x01", strongExtranet},                   // 1.3.101.1.4.1
	{"\x2a\x85\x03\x64\x6f", utf8String},                       // 1.2.643.100.111
	{"\x2a\x85\x03\x64\x70", issuerSignTool},                   // 1.2.643.100.112
	{"\x2b\x24\x08\x03\x03", admissions},                       // 1.3.36.8.3.3
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x01", netscapeCertType}, // 2.16.840.1.113730.1.1
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x02", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x03", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x04", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x07", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x08", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x0c", ia5String},
	{"\x60\x86\x48\x01\x86\xf8\x42\x01\x0d", ia5String},
}
