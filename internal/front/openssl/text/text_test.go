package text

import (
	"bufio"
	"bytes"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/specimen"
)

func print(f func(w *bufio.Writer)) string {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	f(w)
	w.Flush()
	return out.String()
}

// newGenerator starts from the clock, and says from where.
func newGenerator(t *testing.T) *generator {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), keys: publicKeys(t)}
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

func TestGeneratedCertificates(t *testing.T) {
	g := newGenerator(t)
	for i := range 60 {
		der := g.certificate()
		c, err := ReadCertificate(der)
		if err != nil {
			continue
		}
		o := Options{Names: pick(g, Oneline, Compat, Multiline, RFC2253), Fallback: pick(g, FallbackText, FallbackError, FallbackDump)}
		words := map[NameFlags]string{Oneline: "oneline", Compat: "compat", Multiline: "multiline", RFC2253: "RFC2253"}[o.Names]
		fallback := [...]string{"ext_default", "ext_error", "", "ext_dump"}[o.Fallback]
		out, _, ok := specimen.OpenSSL(t, encode("CERTIFICATE", der), "x509", "-noout", "-text", "-nameopt", words, "-certopt", fallback)
		if !ok && out == "" {
			continue
		}
		compare(t, fmt.Sprintf("certificate %d with %s and %s", i, words, fallback), der, out, print(func(w *bufio.Writer) { _ = c.Write(w, o) }))
	}
}

func TestGeneratedRequests(t *testing.T) {
	g := newGenerator(t)
	for i := range 60 {
		der := g.request()
		r, err := ReadRequest(der)
		if err != nil {
			continue
		}
		out, _, ok := specimen.OpenSSL(t, encode("CERTIFICATE REQUEST", der), "req", "-noout", "-text")
		if !ok && out == "" {
			continue
		}
		compare(t, fmt.Sprintf("request %d", i), der, out, print(func(w *bufio.Writer) { _ = r.Write(w, Options{Names: Oneline}) }))
	}
}

func TestGeneratedLists(t *testing.T) {
	g := newGenerator(t)
	for i := range 60 {
		der := g.list()
		l, err := ReadList(der)
		if err != nil {
			continue
		}
		out, _, ok := specimen.OpenSSL(t, encode("X509 CRL", der), "crl", "-noout", "-text")
		if !ok && out == "" {
			continue
		}
		compare(t, fmt.Sprintf("list %d", i), der, out, print(func(w *bufio.Writer) { _ = l.Write(w, Options{Names: Oneline}) }))
	}
}

func TestPublicKeys(t *testing.T) {
	for _, der := range publicKeys(t) {
		p, err := key.ParsePublic(der)
		if err != nil {
			t.Fatal(err)
		}
		out, _, _ := specimen.OpenSSL(t, encode("PUBLIC KEY", der), "pkey", "-pubin", "-noout", "-text")
		compare(t, p.String(), der, out, print(func(w *bufio.Writer) { Public(w, p, 0) }))
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
				got = print(func(w *bufio.Writer) { _ = c.Write(w, o) })
			}
		case "csr":
			want, _, _ = specimen.OpenSSL(t, encode("CERTIFICATE REQUEST", der), "req", "-noout", "-text")
			if r, err := ReadRequest(der); err == nil {
				got = print(func(w *bufio.Writer) { _ = r.Write(w, o) })
			}
		case "crl":
			want, _, _ = specimen.OpenSSL(t, file, "crl", "-noout", "-text")
			if l, err := ReadList(der); err == nil {
				got = print(func(w *bufio.Writer) { _ = l.Write(w, o) })
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
		compare(t, name, nil, want, print(func(w *bufio.Writer) {
			block, _ := pem.Decode([]byte(file))
			if err := PrivateDER(w, block.Bytes); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}))
		spki, _, _ := specimen.OpenSSL(t, []byte(file), "pkey", "-pubout")
		want, _, _ = specimen.OpenSSL(t, []byte(file), "pkey", "-noout", "-text_pub")
		compare(t, name+", public", nil, want, print(func(w *bufio.Writer) {
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
	for i := range 40 {
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
		compare(t, fmt.Sprintf("certificate %d", i), der, want, print(func(w *bufio.Writer) {
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
			compare(t, fmt.Sprintf("modulus %d", i), der, want, print(c.Key.Modulus))
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
		compare(t, fmt.Sprint(args), block.Bytes, want, print(func(w *bufio.Writer) {
			_ = c.Write(w, Options{Names: Oneline})
			trust.Write(w)
		}))
		if got := append(bytes.Clone(c.Raw), trust.Marshal()...); !bytes.Equal(got, block.Bytes) {
			t.Errorf("%q is written again as %x, not %x", args, got, block.Bytes)
		}
	}
}
