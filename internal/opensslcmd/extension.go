package opensslcmd

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/opensslconf"
)

// conf are sections of a configuration under construction.
type conf struct {
	sections []string // each with its heading
	names    int      // of sections that were named by number
}

func (c *conf) section(prefix string, lines []string) string {
	c.names++
	name := prefix + fmt.Sprint(c.names)
	c.sections = append(c.sections, "["+name+"]\n"+strings.Join(lines, "\n")+"\n")
	return name
}

// value writes a text as the configuration reads it back.
func value(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch text[i] {
		case '\\', '"', '\'', '`', '#', '$':
			b.WriteByte('\\')
			b.WriteByte(text[i])
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteByte(text[i])
		}
	}
	if s := b.String(); s == strings.TrimSpace(s) {
		return s
	}
	return `"` + b.String() + `"`
}

// extensions returns a line for each extension, "name = value". What no words
// say is written as DER.
func (c *conf) extensions(list []ext.Extension) []string {
	var lines []string
	for _, e := range list {
		before := *c
		name, text := c.words(e)
		line := name + " = " + critical(e) + text
		if name == "" || !c.means(line, e) {
			*c = before
			line = e.ID.String() + " = " + critical(e) + "DER:" + hex.EncodeToString(e.Value)
		}
		lines = append(lines, line)
	}
	return lines
}

func critical(e ext.Extension) string {
	if e.Critical {
		return "critical,"
	}
	return ""
}

// means reports whether OpenSSL's reading of a line is this extension.
func (c *conf) means(line string, e ext.Extension) bool {
	file, err := opensslconf.Parse("", []byte("[ext]\n"+line+"\n"+strings.Join(c.sections, "")), opensslconf.Source{})
	if err != nil {
		return false
	}
	made, err := file.Extensions("ext", opensslconf.Context{})
	return err == nil && len(made) == 1 && made[0].ID == e.ID && made[0].Critical == e.Critical && bytes.Equal(made[0].Value, e.Value)
}

// words are the name and the value of an extension as x509v3_config(5) has
// them; the name is empty where there are none.
func (c *conf) words(e ext.Extension) (name, text string) {
	switch e.ID {
	case oid.SubjectAltName:
		names, err := ext.ParseSubjectAltName(e.Value)
		if err != nil {
			return "", ""
		}
		return "subjectAltName", c.alternativeNames(names)
	case oid.KeyUsage:
		usage, err := ext.ParseKeyUsage(e.Value)
		if err != nil {
			return "", ""
		}
		return "keyUsage", strings.Join(ext.KeyUsageNames(usage), ",")
	case oid.ExtKeyUsage:
		ids, err := ext.ParseExtKeyUsage(e.Value)
		if err != nil {
			return "", ""
		}
		return "extendedKeyUsage", purposes(ids)
	case oid.BasicConstraints:
		b, err := ext.ParseBasicConstraints(e.Value)
		if err != nil {
			return "", ""
		}
		return "basicConstraints", constraints(b)
	case oid.SubjectKeyIdentifier:
		id, err := ext.ParseSubjectKeyIdentifier(e.Value)
		if err != nil {
			return "", ""
		}
		return "subjectKeyIdentifier", hex.EncodeToString(id)
	case oid.TLSFeature:
		return "tlsfeature", "status_request"
	case oid.CRLDistributionPoints:
		return "crlDistributionPoints", c.points(e.Value)
	case oid.AuthorityInfoAccess:
		return "authorityInfoAccess", access(e.Value)
	case oid.CertificatePolicies:
		return "certificatePolicies", policies(e.Value)
	}
	return "", ""
}

func constraints(b ext.BasicConstraints) string {
	text := "CA:FALSE"
	if b.CA {
		text = "CA:TRUE"
	}
	if b.PathLen >= 0 {
		text += fmt.Sprintf(",pathlen:%d", b.PathLen)
	}
	return text
}

func purposes(ids []oid.OID) string {
	words := map[oid.OID]string{oid.ServerAuth: "serverAuth", oid.ClientAuth: "clientAuth", oid.CodeSigning: "codeSigning",
		oid.EmailProtection: "emailProtection", oid.TimeStamping: "timeStamping", oid.OCSPSigning: "OCSPSigning"}
	var list []string
	for _, id := range ids {
		word := words[id]
		if word == "" {
			word = id.String()
		}
		list = append(list, word)
	}
	return strings.Join(list, ",")
}

// points writes distribution points of one URI each.
func (c *conf) points(raw []byte) string {
	list, err := ext.ParseDistributionPoints(raw)
	if err != nil {
		return ""
	}
	var all []string
	for _, p := range list {
		for _, n := range p.FullName {
			all = append(all, "URI:"+n.Text())
		}
	}
	return strings.Join(all, ",")
}

func access(raw []byte) string {
	list, err := ext.ParseAccess(raw)
	if err != nil {
		return ""
	}
	var all []string
	for _, a := range list {
		all = append(all, a.Method.String()+";URI:"+a.Location.Text())
	}
	return strings.NewReplacer(oid.AccessOCSP.String()+";", "OCSP;", oid.AccessCAIssuers.String()+";", "caIssuers;").Replace(strings.Join(all, ","))
}

func policies(raw []byte) string {
	list, err := ext.ParseCertificatePolicies(raw)
	if err != nil {
		return ""
	}
	var all []string
	for _, p := range list {
		all = append(all, p.ID.String())
	}
	return strings.Join(all, ",")
}

// alternativeNames writes alternative names: one after the other where commas only stand
// between them, else in a section.
func (c *conf) alternativeNames(names []ext.GeneralName) string {
	var plain, lines []string
	simple := true
	for i, n := range names {
		word, text := c.nameWords(n)
		plain = append(plain, word+":"+text)
		lines = append(lines, fmt.Sprintf("%s.%d = %s", word, i+1, value(text)))
		simple = simple && word != "dirName" && value(text) == text && !strings.Contains(text, ",")
	}
	if simple {
		return strings.Join(plain, ",")
	}
	return "@" + c.section("names", lines)
}

func (c *conf) nameWords(n ext.GeneralName) (word, text string) {
	switch n.Kind {
	case ext.DNS:
		return "DNS", n.Text()
	case ext.Email:
		return "email", n.Text()
	case ext.URI:
		return "URI", n.Text()
	case ext.IP:
		return "IP", n.Text()
	case ext.RegisteredID:
		return "RID", n.Text()
	case ext.DirectoryName:
		if name, err := n.Directory(); err == nil {
			return "dirName", c.section("name", nameLines(name))
		}
	case ext.OtherName:
		id, raw, err := n.Other()
		if err != nil {
			break
		}
		if e, err := der.ParseTag(raw, der.UTF8String); err == nil && utf8.Valid(e.Content) {
			return "otherName", id.String() + ";UTF8:" + string(e.Content)
		}
	}
	return "otherName", ""
}

// nameLines are the lines of a section that has a distinguished name.
func nameLines(name dn.Name) []string {
	var lines []string
	for i, rdn := range name.RDNs {
		for j, a := range rdn {
			word, ok := dn.TypeName(a.Type)
			if !ok {
				word = a.Type.String()
			}
			plus := ""
			if j > 0 {
				plus = "+"
			}
			// The number before the point makes names different; OpenSSL leaves it out.
			lines = append(lines, fmt.Sprintf("%d%d.%s%s = %s", i+1, j, plus, word, value(a.Text())))
		}
	}
	return lines
}
