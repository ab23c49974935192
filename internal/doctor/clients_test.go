package doctor_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
)

// What programs cannot put together is told, though each list is right by
// itself.
func TestListsThatCannotBeCombined(t *testing.T) {
	w := newWorld(t)
	here, err := ext.NewIssuingDistributionPoint(ext.IssuingDistributionPoint{FullName: []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte(w.http.URL+"/crl"))}})
	check(t, err)
	more, err := ext.NewIssuingDistributionPoint(ext.IssuingDistributionPoint{FullName: []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte(w.http.URL+"/crl")), ext.NewGeneralName(ext.URI, []byte("http://else.test"))}})
	check(t, err)
	freshest := extension(46, false, ext.NewFreshestCRL([]string{w.http.URL + "/delta"}).Value)
	indicator := extension(27, true, ext.NewDeltaCRLIndicator(big.NewInt(5)).Value)
	rekeyed := *w.root
	rekeyed.SubjectKeyId = []byte{1, 2, 3}
	for what, c := range map[string]struct {
		full, delta []pkix.Extension
		key         *x509.Certificate // whose key identifier the delta list has
		want, text  string
	}{
		"alike":            {[]pkix.Extension{extension(28, true, here.Value)}, []pkix.Extension{extension(28, true, here.Value)}, w.root, "", "list 6 does not name it"},
		"for all":          {nil, []pkix.Extension{extension(28, true, here.Value)}, w.root, "error delta-crl-scope", "it is for other certificates than the full list says of itself (issuing distribution point)"},
		"for more":         {[]pkix.Extension{extension(28, true, here.Value)}, []pkix.Extension{extension(28, true, more.Value)}, w.root, "error delta-crl-scope", "programs do not take the two together"},
		"by all":           {[]pkix.Extension{extension(28, true, here.Value)}, nil, w.root, "error delta-crl-scope", "programs do not take the two together"},
		"of another's key": {nil, nil, &rekeyed, "error delta-crl-scope", "it names another key than the full list (authority key identifier)"},
	} {
		w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) { l.ExtraExtensions = append(c.full, freshest) }))
		raw, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(6), ThisUpdate: w.now, NextUpdate: w.now.Add(time.Hour),
			ExtraExtensions: append(c.delta, indicator)}, c.key, w.rootKey)
		check(t, err)
		w.serve("delta", "application/pkix-crl", raw)
		if codes, text := w.examine(t); strings.Join(codes, "|") != c.want || !strings.Contains(text, c.text) {
			t.Errorf("%s: %v, want %s\n%s", what, codes, c.want, text)
		}
	}
}

// Clients look for the very identifier that they asked with.
func TestAnswersThatProgramsDoNotFind(t *testing.T) {
	w := newWorld(t)
	by := func(hash crypto.Hash) ocsp.CertID {
		id, err := ocsp.NewCertID(hash, w.issuer, w.leaf.Serial)
		check(t, err)
		return id
	}
	w.respond(t, func(a *answering) { a.single.CertID = by(crypto.SHA256) })
	codes, text := w.examine(t)
	if strings.Join(codes, "|") != "error ocsp-cert-id" || !strings.Contains(text, "the question names the certificate by SHA-1, and the answer by SHA-256: most programs do not find it") {
		t.Errorf("%v\n%s", codes, text)
	}
}

// Caches in between are not told to keep answers for longer than these hold.
func TestAnswersThatCachesKeepTooLong(t *testing.T) {
	for caching, want := range map[string]string{
		"max-age=3600":                            "", // until nextUpdate
		"max-age=60, public":                      "",
		"max-age=864000":                          "warning ocsp-caching-long",
		"public, MAX-AGE=\"864000\"":              "warning ocsp-caching-long",
		"max-age=60, s-maxage=864000":             "warning ocsp-caching-long",
		"max-age=864000, s-maxage=60":             "warning ocsp-caching-long",
		"max-age=99999999999999999999999":         "warning ocsp-caching-long",
		"no-store, max-age=864000":                "",
		"no-cache":                                "",
		"max-age=864000, private, no-cache=\"x\"": "warning ocsp-caching-long",
	} {
		w := newWorld(t)
		w.respond(t, func(a *answering) { a.caching = caching })
		if codes, text := w.examine(t); strings.Join(codes, "|") != want || want != "" && !strings.Contains(text, "caches in between may keep the answer for ") {
			t.Errorf("%s: %v\n%s", caching, codes, text)
		}
	}
	w := newWorld(t)
	w.respond(t, func(a *answering) { a.caching = "" })
	inner := w.handlers["ocsp"]
	w.handlers["ocsp"] = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Expires", w.now.Add(100*time.Hour).Format(http.TimeFormat))
		inner(rw, r)
	}
	if codes, text := w.examine(t); strings.Join(codes, "|") != "warning ocsp-caching-long" {
		t.Errorf("Expires: %v\n%s", codes, text)
	}
}
