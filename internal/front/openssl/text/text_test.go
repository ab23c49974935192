package text

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

func print(f func(w *Writer)) string {
	var out bytes.Buffer
	w := NewWriter(&out, nil)
	f(w)
	w.Flush()
	return out.String()
}

// newGenerator starts from the clock, and says from where.
func newGenerator(t *testing.T) *generator {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), keys: publicKeys(t), mutations: 12}
}

// publicKeys returns the keys in testdata.
func publicKeys(t *testing.T) (keys [][]byte) {
	t.Helper()
	for rest := []byte(publicPEM); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return keys
		}
		keys = append(keys, block.Bytes)
	}
}

var errorLine = regexp.MustCompile(`(?m)^[0-9A-F]{8,16}:error:.*\n`)

// compare reports the first line that differs.
func compare(t *testing.T, what string, der []byte, want, got string) {
	t.Helper()
	want = errorLine.ReplaceAllString(want, "")
	if want == got {
		return
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			t.Errorf("%s, line %d:\nwant %q\ngot  %q\n%x", what, i+1, w[i:min(len(w), i+3)], g[min(i, len(g)):min(len(g), i+3)], der)
			return
		}
	}
	t.Errorf("%s: %q too much\n%x", what, g[len(w):], der)
}

func encode(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// sample is a certificate, request or list with the options it is printed by.
type sample struct {
	kind         string // the word of PEM
	der          []byte
	names, print string
	options      Options
}

// randomObject makes one that we read, and chooses how it is printed.
func (g *generator) randomObject(kind string) sample {
	o := sample{kind: kind, names: g.nameWords(), print: g.printWords()}
	switch kind {
	case "CERTIFICATE":
		o.der = g.certificate()
	case "CERTIFICATE REQUEST":
		o.der = g.request()
	default:
		o.der, o.print = g.list(), ""
	}
	return o
}

// nameWords combines words of -nameopt: a form to begin with, and what changes
// it, added or taken away.
func (g *generator) nameWords() string {
	words := pick(g, "oneline", "oneline", "compat", "multiline", "RFC2253", "ca_default", "sep_comma_plus", "oneline")
	for range g.IntN(4) {
		words += "," + pick(g, "", "", "-") + pick(g, "esc_2253", "esc_2254", "esc_ctrl", "esc_msb", "use_quote", "utf8", "ignore_type", "show_type", "dump_all", "dump_nostr",
			"dump_der", "sep_comma_plus", "sep_comma_plus_space", "sep_semi_plus_space", "sep_multiline", "dn_rev", "nofname", "sname", "lname", "align", "oid", "space_eq", "dump_unknown")
	}
	return words
}

// printWords combines words of -certopt and -reqopt.
func (g *generator) printWords() string {
	words := pick(g, "ext_default", "ext_error", "ext_dump", "ext_parse", "ca_default", "compatible")
	for range g.IntN(4) {
		words += "," + pick(g, "", "", "", "-") + pick(g, "no_header", "no_version", "no_serial", "no_signame", "no_issuer", "no_validity", "no_subject", "no_pubkey", "no_sigdump",
			"no_extensions", "no_attributes", "no_aux", "ext_parse", "ext_dump", "ext_error", "ext_default")
	}
	return words
}

// ours prints an object; ok is false where it cannot be read.
func (o *sample) ours(t *testing.T) (text string, ok bool) {
	t.Helper()
	var err error
	if o.options.Names, err = ParseNameOptions(o.names); err != nil {
		t.Fatal(err)
	}
	if err := o.options.ParsePrintOptions(o.print); err != nil {
		t.Fatal(err)
	}
	var write func(*Writer, Options) error
	switch o.kind {
	case "CERTIFICATE":
		c, err := ReadCertificate(o.der)
		if err != nil {
			return "", false
		}
		write = c.Write
	case "CERTIFICATE REQUEST":
		r, err := ReadRequest(o.der)
		if err != nil {
			return "", false
		}
		write = r.Write
	default:
		l, err := ReadList(o.der)
		if err != nil {
			return "", false
		}
		write = l.Write
	}
	return print(func(w *Writer) { _ = write(w, o.options) }), true
}

// theirs prints it by the openssl command; ok is false where that cannot read it.
func (o *sample) theirs(t *testing.T) (text string, ok bool) {
	t.Helper()
	args := map[string][]string{
		"CERTIFICATE":         {"x509", "-certopt", o.print},
		"CERTIFICATE REQUEST": {"req", "-reqopt", o.print},
		"X509 CRL":            {"crl"},
	}[o.kind]
	out, _, ok := specimen.OpenSSL(t, encode(o.kind, o.der), append(args, "-noout", "-text", "-nameopt", o.names)...)
	return out, ok || out != ""
}

// wanted is how many objects of a kind are generated: OBJECTS, or 50.
func wanted(t *testing.T) int {
	t.Helper()
	text := os.Getenv("OBJECTS")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestGeneratedObjects(t *testing.T) {
	g := newGenerator(t)
	for _, kind := range []string{"CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL"} {
		for range wanted(t) {
			o := g.randomObject(kind)
			got, ok := o.ours(t)
			if !ok {
				continue
			}
			want, ok := o.theirs(t)
			if !ok || errorLine.ReplaceAllString(want, "") == got {
				continue
			}
			compare(t, fmt.Sprintf("%s with %s and %s", kind, o.names, o.print), o.der, want, got)
			o.keep(t)
		}
	}
}

const keptFile = "testdata/kept.txt"

// kinds of PEM by the words of the file of kept objects.
func pemKinds() map[string]string {
	return map[string]string{"certificate": "CERTIFICATE", "request": "CERTIFICATE REQUEST", "list": "X509 CRL"}
}

// keep adds an object that differs to those of TestKept, with the options it
// differs under.
func (o *sample) keep(t *testing.T) {
	t.Helper()
	file, err := os.OpenFile(keptFile, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for word, kind := range pemKinds() {
		if kind == o.kind {
			fmt.Fprintf(file, "%s %x %s %s\n", word, o.der, o.names, o.print)
		}
	}
}

// TestKept prints objects that stay the same from run to run; what a run of
// TestGeneratedObjects finds to differ is added to them.
func TestKept(t *testing.T) {
	file, err := os.ReadFile(keptFile)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(file)), "\n") {
		fields := append(strings.Fields(line), "oneline", "ext_error")
		der, err := hex.DecodeString(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		o := sample{kind: pemKinds()[fields[0]], der: der, names: fields[2], print: fields[3]}
		got, ok := o.ours(t)
		if !ok {
			t.Errorf("line %d cannot be read", i+1)
			continue
		}
		want, _ := o.theirs(t)
		compare(t, fmt.Sprintf("line %d", i+1), der, want, got)
	}
}

func TestUnreadable(t *testing.T) {
	g := newGenerator(t)
	for _, der := range [][]byte{nil, {0x30}, {0x30, 0}, {0x30, 0x80, 0, 0}, g.octets(40), seq(g.name())} {
		if _, err := ReadCertificate(der); err == nil || err.Error() != "it is not a certificate that can be read" {
			t.Errorf("certificate %x: %v", der, err)
		}
		if _, err := ReadRequest(der); err == nil || err.Error() != "it is not a certification request that can be read" {
			t.Errorf("request %x: %v", der, err)
		}
		if _, err := ReadList(der); err == nil || err.Error() != "it is not a certificate revocation list that can be read" {
			t.Errorf("list %x: %v", der, err)
		}
		if _, _, err := ReadTrusted(der); err == nil {
			t.Errorf("trusted certificate %x is read", der)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, words := range []string{"", "compat", "-oneline", "sname", "compat,utf8", "ONELINE, -space_eq ", "multiline,sep_comma_plus", "ca_default", "+lname,-lname", "RFC2253,-esc_msb,-utf8", "oneline,nofname", "oneline,-nofname"} {
		flags, err := ParseNameOptions(words)
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		file := specimen.File(t, "string-types.csr")
		want, _, _ := specimen.OpenSSL(t, file, "req", "-noout", "-subject", "-nameopt", words)
		r, err := ReadRequest(specimen.DER(t, "string-types.csr"))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, words, nil, want, print(func(w *Writer) { TitledName(w, "subject=", r.Subject, flags) }))
	}
	if _, err := ParseNameOptions("oneline,big"); err == nil || err.Error() != `"big" is not an option for names` {
		t.Error(err)
	}
	var o Options
	if err := o.ParsePrintOptions("no_header,loud"); err == nil || err.Error() != `"loud" is not an option for printing` {
		t.Error(err)
	}
	if err := o.ParsePrintOptions("no_header,no_pubkey,-no_header,ext_dump,-ext_dump"); err != nil || o.Without != NoPublicKey || o.Fallback != FallbackText {
		t.Error(o, err)
	}
}

func TestSelectedExtensions(t *testing.T) {
	c, err := ReadCertificate(specimen.DER(t, "leaf.crt"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"subjectAltName", "basicConstraints", "nothing"}
	want, _, _ := specimen.OpenSSL(t, specimen.File(t, "leaf.crt"), "x509", "-noout", "-ext", strings.Join(names, ","))
	compare(t, "leaf.crt", nil, want, print(func(w *Writer) { c.SelectedExtensions(w, names, FallbackText) }))
	if c.SelectedExtensions(NewWriter(io.Discard, nil), []string{"nothing"}, FallbackText) || !c.HasExtensions() {
		t.Error("extensions are found that are not there, or not those that are")
	}
}

func TestCurveParameters(t *testing.T) {
	for _, args := range []string{"-name P-256", "-name brainpoolP384r1", "-name sect233k1", "-name secp256k1 -param_enc explicit", "-name sect163k1 -param_enc explicit", "-name secp224r1 -param_enc explicit -conv_form compressed"} {
		file, _, _ := specimen.OpenSSL(t, nil, strings.Fields("ecparam "+args)...)
		want, _, _ := specimen.OpenSSL(t, []byte(file), "ecparam", "-noout", "-text")
		block, _ := pem.Decode([]byte(file))
		compare(t, args, block.Bytes, want, print(func(w *Writer) {
			if err := CurveParameters(w, block.Bytes, ""); err != nil {
				t.Errorf("%s: %v", args, err)
			}
		}))
	}
	if err := CurveParameters(NewWriter(io.Discard, nil), []byte{6, 1, 42}, ""); err == nil || err.Error() != "the curve is not one that can be printed" {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 1)), keys: [][]byte{seq(seq(tlv(6, []byte{42})), tlv(3, []byte{0, 1}))}, mutations: 50}
	for range 20 {
		f.Add(g.certificate())
		f.Add(g.request())
		f.Add(g.list())
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		w := NewWriter(io.Discard, nil)
		o := Options{Names: Oneline, Fallback: FallbackParse}
		if c, trust, err := ReadTrusted(der); err == nil {
			_ = c.Write(w, o)
			c.Purposes(w)
			c.Modulus(w)
			if trust != nil {
				trust.Write(w)
			}
		}
		if r, err := ReadRequest(der); err == nil {
			_ = r.Write(w, o)
		}
		if l, err := ReadList(der); err == nil {
			_ = l.Write(w, o)
		}
		_ = PrivateDER(w, der)
	})
}

func TestPublicKeys(t *testing.T) {
	for _, der := range publicKeys(t) {
		p, err := key.ParsePublic(der)
		if err != nil {
			t.Fatal(err)
		}
		out, _, _ := specimen.OpenSSL(t, encode("PUBLIC KEY", der), "pkey", "-pubin", "-noout", "-text")
		compare(t, p.String(), der, out, print(func(w *Writer) { Public(w, p, 0) }))
	}
}

func TestDiffieHellmanKeys(t *testing.T) {
	for _, args := range []string{"-algorithm DH -pkeyopt group:ffdhe2048", "-algorithm DH -pkeyopt group:modp_1536", "-algorithm DHX -pkeyopt dh_rfc5114:2", "-algorithm DH -pkeyopt dh_paramgen_prime_len:512"} {
		parameters, _, _ := specimen.OpenSSL(t, nil, strings.Fields("genpkey -genparam "+args)...)
		path := filepath.Join(t.TempDir(), "parameters.pem")
		if err := os.WriteFile(path, []byte(parameters), 0o600); err != nil {
			t.Fatal(err)
		}
		file, _, _ := specimen.OpenSSL(t, nil, "genpkey", "-paramfile", path)
		spki, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-pubout")
		want, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-noout", "-text_pub")
		block, _ := pem.Decode([]byte(spki))
		p, err := key.ParsePublic(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, args, block.Bytes, want, print(func(w *Writer) { Public(w, p, 0) }))
	}
}

func TestSingleFieldsOfLists(t *testing.T) {
	for _, name := range []string{"full.crl", "v1.crl", "delta.crl"} {
		l, err := ReadList(specimen.DER(t, name))
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := specimen.OpenSSL(t, specimen.File(t, name), "crl", "-noout", "-crlnumber", "-lastupdate", "-issuer", "-hash")
		compare(t, name, nil, want, print(func(w *Writer) {
			l.CRLNumber(w)
			TitledTime(w, "lastUpdate=", l.ThisUpdate)
			TitledName(w, "issuer=", l.Issuer, Oneline)
			fmt.Fprintf(w, "issuer name hash=%s\n", NameHash(l.Issuer))
		}))
	}
}

func TestSpecimens(t *testing.T) {
	for _, name := range specimen.Names(t, ".crt", ".csr", ".crl") {
		file, der := specimen.File(t, name), specimen.DER(t, name)
		var want, got string
		o := Options{Names: Oneline}
		switch name[len(name)-3:] {
		case "crt":
			want, _, _ = specimen.OpenSSL(t, file, "x509", "-noout", "-text")
			if c, err := ReadCertificate(der); err == nil {
				got = print(func(w *Writer) { _ = c.Write(w, o) })
			}
		case "csr":
			want, _, _ = specimen.OpenSSL(t, encode("CERTIFICATE REQUEST", der), "req", "-noout", "-text")
			if r, err := ReadRequest(der); err == nil {
				got = print(func(w *Writer) { _ = r.Write(w, o) })
			}
		case "crl":
			want, _, _ = specimen.OpenSSL(t, file, "crl", "-noout", "-text")
			if l, err := ReadList(der); err == nil {
				got = print(func(w *Writer) { _ = l.Write(w, o) })
			}
		}
		compare(t, name, der, want, got)
	}
}

func TestPrivateKeys(t *testing.T) {
	for name, command := range map[string]string{
		"RSA": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "three primes": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_primes:3",
		"RSA-PSS":            "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024",
		"RSA-PSS restricted": "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:33",
		"P-256":              "ecparam -name P-256 -genkey -noout", "secp521r1": "genpkey -algorithm EC -pkeyopt group:secp521r1", "brainpool": "ecparam -name brainpoolP256r1 -genkey -noout",
		"explicit": "ecparam -name secp384r1 -genkey -noout -param_enc explicit", "compressed": "ecparam -name secp256k1 -genkey -noout -conv_form compressed",
		"Ed25519": "genpkey -algorithm ed25519", "Ed448": "genpkey -algorithm ed448", "X25519": "genpkey -algorithm x25519", "X448": "genpkey -algorithm x448",
	} {
		file, _, ok := specimen.OpenSSL(t, nil, strings.Fields(command)...)
		if !ok {
			t.Errorf("%s: openssl %s does not work", name, command)
			continue
		}
		want, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-noout", "-text")
		compare(t, name, nil, want, print(func(w *Writer) {
			block, _ := pem.Decode([]byte(file))
			if err := PrivateDER(w, block.Bytes); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}))
		spki, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-pubout")
		want, _, _ = specimen.OpenSSL(t, []byte(file), "pkey", "-noout", "-text_pub")
		compare(t, name+", public", nil, want, print(func(w *Writer) {
			block, _ := pem.Decode([]byte(spki))
			p, err := key.ParsePublic(block.Bytes)
			if err != nil || !Public(w, p, 0) {
				t.Errorf("%s: the public half: %v", name, err)
			}
		}))
	}
}

func TestSingleFields(t *testing.T) {
	g := newGenerator(t)
	for i := range 25 {
		der := g.certificate()
		c, err := ReadCertificate(der)
		if err != nil {
			continue
		}
		names := pick(g, Oneline, Compat, Multiline, RFC2253)
		words := map[NameFlags]string{Oneline: "oneline", Compat: "compat", Multiline: "multiline", RFC2253: "RFC2253"}[names]
		want, _, ok := specimen.OpenSSL(t, encode("CERTIFICATE", der), "x509", "-noout", "-subject", "-issuer", "-serial", "-startdate", "-enddate",
			"-subject_hash", "-issuer_hash", "-subject_hash_old", "-issuer_hash_old", "-email", "-ocsp_uri", "-ocspid", "-purpose", "-next_serial", "-alias", "-nameopt", words)
		if !ok {
			continue
		}
		compare(t, fmt.Sprintf("certificate %d", i), der, want, print(func(w *Writer) {
			TitledName(w, "subject=", c.Subject, names)
			TitledName(w, "issuer=", c.Issuer, names)
			c.SerialNumber(w)
			TitledTime(w, "notBefore=", c.NotBefore)
			TitledTime(w, "notAfter=", c.NotAfter)
			fmt.Fprintln(w, NameHash(c.Subject))
			fmt.Fprintln(w, NameHash(c.Issuer))
			fmt.Fprintln(w, OldNameHash(c.Subject))
			fmt.Fprintln(w, OldNameHash(c.Issuer))
			for _, s := range append(c.EmailAddresses(), c.OCSPAddresses()...) {
				fmt.Fprintln(w, s)
			}
			c.OCSPIdentifiers(w)
			c.Purposes(w)
			c.NextSerial(w)
			fmt.Fprintln(w, "<No Alias>")
		}))
		if want, _, ok := specimen.OpenSSL(t, encode("CERTIFICATE", der), "x509", "-noout", "-modulus"); ok {
			compare(t, fmt.Sprintf("modulus %d", i), der, want, print(c.Modulus))
		}
	}
}

func TestTrustSettings(t *testing.T) {
	file := specimen.File(t, "leaf.crt")
	for _, args := range [][]string{
		{"-addtrust", "serverAuth", "-addreject", "emailProtection", "-addreject", "1.2.3.4", "-setalias", "friend"},
		{"-addtrust", "clientAuth", "-addtrust", "anyExtendedKeyUsage"}, {"-setalias", "x"}, {"-addreject", "serverAuth"},
	} {
		trusted, _, _ := specimen.OpenSSL(t, file, append([]string{"x509", "-trustout"}, args...)...)
		block, _ := pem.Decode([]byte(trusted))
		c, trust, err := ReadTrusted(block.Bytes)
		if err != nil || trust == nil {
			t.Fatalf("%q: %v, %v", args, trust, err)
		}
		want, _, _ := specimen.OpenSSL(t, []byte(trusted), "x509", "-noout", "-text")
		compare(t, fmt.Sprint(args), block.Bytes, want, print(func(w *Writer) {
			_ = c.Write(w, Options{Names: Oneline})
			trust.Write(w)
		}))
		if got := append(bytes.Clone(c.Raw), trust.Marshal()...); !bytes.Equal(got, block.Bytes) {
			t.Errorf("%q is written again as %x, not %x", args, got, block.Bytes)
		}
	}
}

func TestSingleFieldsOfRequests(t *testing.T) {
	for _, name := range []string{"rsa-sans.csr", "p256.csr", "rsa-pss-key.csr", "many.csr"} {
		der := specimen.DER(t, name)
		r, err := ReadRequest(der)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := specimen.OpenSSL(t, encode("CERTIFICATE REQUEST", der), "req", "-noout", "-modulus", "-subject", "-nameopt", "multiline")
		got := print(func(w *Writer) { TitledName(w, "subject=", r.Subject, Multiline) }) + print(r.Modulus)
		compare(t, name, nil, want, got)
	}
}

func TestStopsShort(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, nil)
	spki := publicKeys(t)[0]
	algorithm := seq(tlv(der.ObjectIdentifier, []byte(oid.Ed25519)))
	empty := seq(seq(tlv(der.Integer, []byte{0}), seq(), spki, tlv(der.ContextConstructed(0), seq(tlv(der.ObjectIdentifier, []byte(oid.ChallengePassword)), tlv(der.Set)))), algorithm, tlv(der.BitString, []byte{0}))
	r, err := ReadRequest(empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(w, Options{Names: Oneline}); err == nil || err.Error() != "an attribute of the request has no value" {
		t.Error(err)
	}
	surrogate := tlv(der.BMPString, []byte{0xd8, 0})
	if String(w, der.BMPString, surrogate[2:], Oneline) {
		t.Error("half a surrogate pair is printed as a character")
	}
	if err := PrivateDER(w, []byte{0x30, 0}); err == nil || !strings.HasPrefix(err.Error(), "reading the private key: ") {
		t.Error(err)
	}
	file, _, _ := specimen.OpenSSL(t, nil, "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256")
	p, err := key.ReadPrivate([]byte(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-noout", "-text")
	compare(t, "a key that was read", nil, want, print(func(w *Writer) {
		if err := Private(w, p); err != nil {
			t.Error(err)
		}
	}))
}

func TestSignedKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	for _, args := range []string{"-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "-algorithm EC -pkeyopt group:P-256"} {
		file, _, _ := specimen.OpenSSL(t, nil, strings.Fields("genpkey "+args)...)
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, challenge := range []string{"", "hello"} {
			line, _, _ := specimen.OpenSSL(t, nil, "spkac", "-key", path, "-digest", "sha256", "-challenge", challenge)
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(line, "SPKAC=")))
			if err != nil {
				t.Fatal(err)
			}
			s, err := ReadSignedKey(raw)
			if err != nil {
				t.Fatal(err)
			}
			want, _, _ := specimen.OpenSSL(t, []byte(line), "spkac")
			compare(t, args+" "+challenge, raw, want, print(s.Write))
		}
	}
	if _, err := ReadSignedKey([]byte{0x30, 0}); err == nil || err.Error() != "it is not a SignedPublicKeyAndChallenge that can be read" {
		t.Error(err)
	}
}
