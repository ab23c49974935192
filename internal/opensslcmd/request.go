package opensslcmd

import (
	"crypto"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/opensslconf"
)

// Request is a request that is to be made.
type Request struct {
	Key    KeyFile
	Public *key.Public // nil where the key is not known before the passphrase is
	Says   pkcs10.Template
	Hash   string // "" for what suits the key
	PSS    bool
	Out    string
	DER    bool

	Challenge string // of an SPKAC
}

// NewRequest makes a request.
func NewRequest(r Request) (string, error) {
	c := openssl("req", "-new").file("-key", r.Key.Name).option("-passin", string(r.Key.Secret))
	if err := c.signs(r.Public, r.Hash, r.PSS); err != nil {
		return "", err
	}
	c.der(r.DER).file("-out", r.Out)
	var sections conf
	lines := sections.extensions(r.Says.Extensions)
	subject, ok := slashed(r.Says.Subject)
	if ok && len(sections.sections) == 0 && len(r.Says.Attributes) == 0 {
		c.subject(subject)
		for _, line := range lines {
			c.add("-addext", strings.Replace(line, " = ", "=", 1))
		}
		return c.text(), nil
	}
	if r.Says.Subject.IsEmpty() && len(r.Says.Attributes) > 0 {
		return "", unable("a request with attributes has a subject there")
	}
	if r.Key.Secret == "stdin" {
		return "", unable("the configuration and the passphrase would both come from standard input; name another source with --passphrase")
	}
	attributes, err := attributeLines(r.Says.Attributes)
	if err != nil {
		return "", err
	}
	head := []string{"prompt = no", "utf8 = yes", "string_mask = utf8only", "distinguished_name = subject"}
	if len(attributes) > 0 {
		head = append(head, "attributes = attributes")
	}
	if len(lines) > 0 {
		head = append(head, "req_extensions = extensions")
	}
	body := join("req", head) + join("subject", nameLines(r.Says.Subject))
	if ok && len(attributes) == 0 {
		c.subject(subject)
		body = join("req", head) + "[subject]\n"
	}
	if len(attributes) > 0 {
		body += join("attributes", attributes)
	}
	if len(lines) > 0 {
		body += join("extensions", lines)
	}
	c.input = body + strings.Join(sections.sections, "")
	return c.add("-config", "/dev/stdin").text(), nil
}

func join(heading string, lines []string) string {
	return "[" + heading + "]\n" + strings.Join(lines, "\n") + "\n"
}

// subject adds -subj, and that it is UTF-8 where that matters.
func (c *command) subject(slashed string) {
	c.add("-subj", slashed)
	if strings.ContainsFunc(slashed, func(r rune) bool { return r >= 0x80 }) {
		c.add("-utf8")
	}
}

// slashed writes a name as -subj reads it; false where it has no such form.
func slashed(name dn.Name) (string, bool) {
	if name.IsEmpty() {
		return "/", true
	}
	escape := strings.NewReplacer(`\`, `\\`, `/`, `\/`, `+`, `\+`)
	var b strings.Builder
	for _, rdn := range name.RDNs {
		for j, a := range rdn {
			word, ok := dn.TypeName(a.Type)
			if !ok {
				return "", false
			}
			b.WriteByte("/+"[min(j, 1)])
			b.WriteString(word + "=" + escape.Replace(a.Text()))
		}
	}
	read, skipped, err := (&opensslconf.File{}).ParseSubject(b.String(), opensslconf.NameOptions{UTF8: true}, true)
	return b.String(), err == nil && len(skipped) == 0 && read.Equal(name)
}

// attributeLines are attributes with texts; OpenSSL makes no others.
func attributeLines(list []pkcs10.Attribute) ([]string, error) {
	var lines []string
	for _, a := range list {
		word := a.ID.String()
		switch a.ID {
		case oid.ChallengePassword:
			word = "challengePassword"
		case oid.UnstructuredName:
			word = "unstructuredName"
		}
		if len(a.Values) != 1 {
			return nil, unable("the attribute %s has %d values", word, len(a.Values))
		}
		e, err := der.Parse(a.Values[0])
		if err != nil || e.Tag != der.UTF8String && e.Tag != der.PrintableString && e.Tag != der.IA5String {
			return nil, unable("the attribute %s is not a text", word)
		}
		lines = append(lines, word+" = "+value(string(e.Content)))
	}
	return lines, nil
}

// signs adds the digest and the padding of a signature.
func (c *command) signs(public *key.Public, hash string, pss bool) error {
	if public == nil {
		if hash != "" {
			c.add("-" + hash)
		}
	} else {
		if public.Type == "ML-DSA" {
			return unable("it knows no keys of the kind %v", public)
		}
		algorithm, err := key.ChooseSignatureAlgorithm(public, hash, pss)
		if err != nil {
			return err
		}
		if algorithm.Hash != 0 {
			c.add("-" + digest(algorithm.Hash))
		}
		if algorithm.SaltLength >= 0 && strings.HasPrefix(digest(algorithm.Hash), "sha3-") {
			return unable("it does not sign with RSASSA-PSS and %v", algorithm.Hash)
		}
	}
	if pss {
		c.add("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1")
	}
	return nil
}

// digest is OpenSSL's name of a hash: sha256, sha512-256, sha3-256.
func digest(h crypto.Hash) string {
	name := strings.ToLower(strings.ReplaceAll(h.String(), "/", "-"))
	if strings.HasPrefix(name, "sha3-") {
		return name
	}
	return strings.Replace(name, "-", "", 1)
}

// NewSPKAC makes a signed public key and challenge, and the lines of the
// subject behind it that OpenSSL's ca reads.
func NewSPKAC(r Request) (string, error) {
	if r.Public != nil && r.Public.Type == "ML-DSA" {
		return "", unable("it knows no keys of the kind %v", r.Public)
	}
	if r.PSS || len(r.Says.Extensions)+len(r.Says.Attributes) > 0 {
		return "", unable("its SPKAC has neither extensions nor attributes, and no RSASSA-PSS")
	}
	if r.DER {
		return "", unable("it writes an SPKAC in base64 alone")
	}
	c := openssl("spkac").file("-key", r.Key.Name).option("-passin", string(r.Key.Secret)).option("-challenge", r.Challenge)
	if r.Public != nil {
		a, err := key.ChooseSignatureAlgorithm(r.Public, r.Hash, false)
		if err != nil {
			return "", err
		}
		if a.Hash == 0 {
			return "", unable("it signs no SPKAC with keys of the kind %v", r.Public)
		}
		c.add("-digest", digest(a.Hash))
	} else {
		c.option("-digest", r.Hash)
	}
	c.file("-out", r.Out)
	if r.Says.Subject.IsEmpty() {
		return c.text(), nil
	}
	var lines strings.Builder
	for _, rdn := range r.Says.Subject.RDNs {
		for j, a := range rdn {
			word, ok := dn.TypeName(a.Type)
			if !ok || strings.ContainsAny(a.Text(), "\r\n") {
				return "", unable("an SPKAC has no words for the subject %s", r.Says.Subject)
			}
			lines.WriteString("+"[:min(j, 1)] + word + "=" + a.Text() + "\n")
		}
	}
	behind := &command{words: []string{"cat"}, input: lines.String()}
	if r.Out == "" || r.Out == "-" {
		return c.text() + behind.text(), nil
	}
	return c.text() + strings.Replace(behind.text(), "cat ", "cat >>"+Quote(r.Out)+" ", 1), nil
}

// CheckRequest verifies the signature of a request and prints it.
func CheckRequest(file string, asDER bool) string {
	c := openssl("req", "-verify", "-noout", "-text").file("-in", file)
	if asDER {
		c.add("-inform", "DER")
	}
	return c.text()
}
