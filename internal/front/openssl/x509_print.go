package openssl

import (
	"bytes"
	"crypto"
	_ "crypto/md5"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// titled writes a name on a line.
func (x *certifying) titled(title string, n dn.Name) string {
	var out bytes.Buffer
	w := text.NewWriter(&out, x.names)
	text.TitledName(w, title, n, x.flags)
	w.Flush()
	return out.String()
}

// inOrder returns the options that print, each once, in the order of their
// last place on the command line.
func (c *call) inOrder() (names []given) {
	for _, g := range c.given {
		if g.name == "hash" {
			g.name = "subject_hash"
		}
		parts := []given{g}
		if g.name == "dates" {
			parts = []given{{name: "startdate"}, {name: "enddate"}}
		}
		for _, p := range parts {
			names = slices.DeleteFunc(names, func(o given) bool { return o.name == p.name })
			names = append(names, p)
		}
	}
	return names
}

// describe prints what is asked for besides the certificate.
func (x *certifying) describe(out *bytes.Buffer) error {
	shown, err := x.shown()
	if err != nil {
		return err
	}
	w := text.NewWriter(out, x.names)
	for _, g := range x.inOrder() {
		if err := x.describeOne(w, shown, g); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (x *certifying) describeOne(w *text.Writer, c *text.Certificate, g given) error {
	if x.describeName(w, c, g.name) {
		return nil
	}
	switch g.name {
	case "serial":
		c.SerialNumber(w)
	case "next_serial":
		c.NextSerial(w)
	case "email":
		for _, a := range c.EmailAddresses() {
			fmt.Fprintln(w, a)
		}
	case "ocsp_uri":
		for _, a := range c.OCSPAddresses() {
			fmt.Fprintln(w, a)
		}
	case "modulus":
		c.Modulus(w)
	case "pubkey":
		public, err := key.ParsePublic(c.Key.Raw)
		if err != nil {
			return because("Error getting public key", err)
		}
		w.Write(key.PublicPEM(public))
	case "ocspid":
		c.OCSPIdentifiers(w)
	case "purpose":
		c.Purposes(w)
	case "startdate":
		x.titledTime(w, "notBefore=", c)
	case "enddate":
		x.titledTime(w, "notAfter=", c)
	case "fingerprint":
		return x.fingerprint(w, c.Raw, false)
	case "ext":
		x.selected(w, c, g.value)
	case "text":
		return x.writeText(w, c)
	}
	return nil
}

// describeName prints the names and what is made of them.
func (x *certifying) describeName(w *text.Writer, c *text.Certificate, name string) bool {
	switch name {
	case "issuer":
		text.TitledName(w, "issuer=", c.Issuer, x.flags)
	case "subject":
		text.TitledName(w, "subject=", c.Subject, x.flags)
	case "subject_hash":
		fmt.Fprintln(w, text.NameHash(c.Subject))
	case "subject_hash_old":
		fmt.Fprintln(w, text.OldNameHash(c.Subject))
	case "issuer_hash":
		fmt.Fprintln(w, text.NameHash(c.Issuer))
	case "issuer_hash_old":
		fmt.Fprintln(w, text.OldNameHash(c.Issuer))
	case "alias":
		if x.trust != nil && x.trust.Alias != nil {
			fmt.Fprintf(w, "%s\n", x.trust.Alias)
		} else {
			fmt.Fprintln(w, "<No Alias>")
		}
	default:
		return false
	}
	return true
}

func (x *certifying) titledTime(w *text.Writer, title string, c *text.Certificate) {
	at := c.NotBefore
	if title == "notAfter=" {
		at = c.NotAfter
	}
	if x.isoTime {
		text.TitledISOTime(w, title, at)
	} else {
		text.TitledTime(w, title, at)
	}
}

// writeText prints the whole certificate, with what a trusted one adds.
func (x *certifying) writeText(w *text.Writer, c *text.Certificate) error {
	if err := c.Write(w, x.print); err != nil {
		return because("Error printing certificate", err)
	}
	if x.trust != nil && x.print.Without&text.NoTrust == 0 {
		x.trust.Write(w)
	}
	return nil
}

func (x *certifying) selected(w *text.Writer, c *text.Certificate, names string) {
	separated := func(r rune) bool { return r == ',' }
	if !c.HasExtensions() {
		fmt.Fprintln(x.Stderr, "No extensions in certificate")
	}
	c.SelectedExtensions(w, strings.FieldsFunc(names, separated), text.FallbackText)
}

// fingerprint prints a digest, SHA-1 where no other is asked for.
// Its title is the name that was asked for, or the full name of the digest.
func (c *call) fingerprint(w *text.Writer, raw []byte, full bool) error {
	name, algorithm := "SHA1", "sha1"
	if len(c.unknown) > 0 {
		name = c.unknown[len(c.unknown)-1]
		var err error
		if algorithm, err = c.digestNamed(name); err != nil {
			return err
		}
	}
	if full {
		name = fullName(algorithm)
	}
	h := hashes()[algorithm].New()
	h.Write(raw)
	text.Fingerprint(w, name, h.Sum(nil))
	return nil
}

// hashes are the message digests, by the names that digests gives them.
func hashes() map[string]crypto.Hash {
	return map[string]crypto.Hash{
		"md5": crypto.MD5, "sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384,
		"sha512": crypto.SHA512, "sha512-224": crypto.SHA512_224, "sha512-256": crypto.SHA512_256,
		"sha3-224": crypto.SHA3_224, "sha3-256": crypto.SHA3_256, "sha3-384": crypto.SHA3_384, "sha3-512": crypto.SHA3_512,
	}
}

// check does what the options that check ask for. done says that nothing is
// written after it; verdict is an error where the answer is no.
func (x *certifying) check(out *bytes.Buffer) (verdict error, done bool, err error) {
	if !x.hasAny("checkend", "checkhost", "checkemail", "checkip") {
		return nil, false, nil
	}
	if x.has("checkend") {
		shown, err := text.ReadCertificate(x.raw)
		if err != nil {
			return nil, false, because("Unable to load certificate", err)
		}
		i := slices.IndexFunc(x.given, func(g given) bool { return g.name == "checkend" })
		end := x.Now().Truncate(time.Second).Add(time.Duration(x.given[i].n) * time.Second)
		// A time that cannot be read does not pass.
		if notAfter, err := shown.NotAfter.Time(); err == nil && !notAfter.After(end) {
			out.WriteString("Certificate will expire\n")
			return complaint{}, true, nil
		}
		out.WriteString("Certificate will not expire\n")
		return nil, true, nil
	}
	c, err := cert.Parse(x.raw)
	if err != nil {
		return nil, false, because("Unable to load certificate", err)
	}
	for _, asked := range []struct {
		option, what string
		holds        func(*cert.Certificate, string) bool
	}{{"checkhost", "Hostname", isForHost}, {"checkemail", "Email", isForEmail}, {"checkip", "IP", isForAddress}} {
		if !x.has(asked.option) {
			continue
		}
		not := ""
		if !asked.holds(c, x.text(asked.option)) {
			not = " NOT"
		}
		fmt.Fprintf(out, "%s %s does%s match certificate\n", asked.what, x.text(asked.option), not)
	}
	return nil, false, nil
}

// fullName is what OpenSSL's providers call a digest.
func fullName(algorithm string) string {
	upper := strings.ToUpper(algorithm)
	bits, isSHA := strings.CutPrefix(upper, "SHA")
	if !isSHA || bits == "1" || strings.HasPrefix(bits, "3-") {
		return upper
	}
	return "SHA2-" + strings.ReplaceAll(bits, "-", "/")
}
