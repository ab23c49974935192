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
