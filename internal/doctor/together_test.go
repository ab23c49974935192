package doctor_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
)

// extension is one as crypto/x509 has it.
func extension(last int, critical bool, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, last}, Critical: critical, Value: value}
}

// withDelta has the full list, of this number, name a delta list, of this
// number and base; each lists the certificate for this reason, -1 for not.
func (w *world) withDelta(t *testing.T, full, delta, base int64, inFull, inDelta crl.Reason) {
	t.Helper()
	entries := func(reason crl.Reason) []x509.RevocationListEntry {
		if reason < 0 {
			return nil
		}
		return []x509.RevocationListEntry{{SerialNumber: w.leaf.Serial, RevocationTime: w.now.Add(-time.Minute), ReasonCode: int(reason)}}
	}
	w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
		l.Number, l.RevokedCertificateEntries = big.NewInt(full), entries(inFull)
		l.ExtraExtensions = []pkix.Extension{extension(46, false, ext.NewFreshestCRL([]string{w.http.URL + "/delta"}).Value)}
	}))
	w.serve("delta", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
		l.Number, l.RevokedCertificateEntries = big.NewInt(delta), entries(inDelta)
		l.ExtraExtensions = []pkix.Extension{extension(27, true, ext.NewDeltaCRLIndicator(big.NewInt(base)).Value)}
	}))
}

// A full list and the delta list that it names are one.
func TestFullAndDeltaListsCountTogether(t *testing.T) {
	const none = crl.Reason(-1)
	for what, c := range map[string]struct {
		full, delta, base int64
		inFull, inDelta   crl.Reason
		want, text        string
	}{
		"revoked since":        {5, 6, 5, none, crl.KeyCompromise, "error revoked", "keyCompromise"},
		"released since":       {5, 6, 5, crl.CertificateHold, crl.RemoveFromCRL, "", "it was on hold, and is not any more"},
		"revoked from hold":    {5, 6, 5, crl.CertificateHold, crl.Superseded, "error revoked", "superseded"},
		"on hold all the time": {5, 6, 5, crl.CertificateHold, none, "error revoked|error on-hold", "on hold"},
		"nothing":              {5, 6, 5, none, none, "", "list 6 does not name it"},
		"a later base":         {10, 21, 20, none, crl.KeyCompromise, "error delta-crl-base", "it goes with list 20 and later ones, and the full list is 10"},
		"an older delta list":  {10, 5, 4, none, crl.KeyCompromise, "warning delta-crl-old", "it is list 5, which is older than the full list 10"},
	} {
		w := newWorld(t)
		w.respond(t, func(a *answering) {
			if strings.HasPrefix(c.want, "error revoked") || strings.HasPrefix(c.want, "error on-hold") {
				a.single.Status, a.single.RevokedAt = ocsp.Revoked, w.now
			}
		})
		w.withDelta(t, c.full, c.delta, c.base, c.inFull, c.inDelta)
		codes, text := w.examine(t)
		var got []string
		for _, code := range codes {
			if len(got) == 0 || got[len(got)-1] != code {
				got = append(got, code)
			}
		}
		if strings.Join(got, "|") != c.want || !strings.Contains(text, c.text) {
			t.Errorf("%s: %v, want %s\n%s", what, codes, c.want, text)
		}
	}
}

// Lists that are not for the certificate, or not for anybody.
func TestListsThatMayNotBeUsed(t *testing.T) {
	cn, err := dn.NewAttribute(oid.CommonName, "lists")
	check(t, err)
	point := func(p ext.IssuingDistributionPoint) func(*x509.RevocationList) {
		e, err := ext.NewIssuingDistributionPoint(p)
		check(t, err)
		return func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{extension(28, true, e.Value)} }
	}
	for text, c := range map[string]struct {
		change func(*x509.RevocationList)
		want   string
	}{
		"only for certificates of authorities":             {point(ext.IssuingDistributionPoint{OnlyCACerts: true}), "error crl-scope"},
		"only for attribute certificates":                  {point(ext.IssuingDistributionPoint{OnlyAttributeCerts: true}), "error crl-scope"},
		"only for some of the reasons":                     {point(ext.IssuingDistributionPoint{OnlyReasons: 2}), "error crl-scope"},
		"only for a place relative to the issuer's name":   {point(ext.IssuingDistributionPoint{RelativeName: dn.RDN{cn}}), "error crl-scope"},
		"list 5 does not name it":                          {point(ext.IssuingDistributionPoint{OnlyUserCerts: true}), ""},
		"the entry of 63 has the critical extension 2.5.2": {func(l *x509.RevocationList) { l.RevokedCertificateEntries = unknownEntry(l.ThisUpdate) }, "error crl-critical"},
	} {
		w := newWorld(t)
		w.serve("crl", "application/pkix-crl", w.list(t, c.change))
		if codes, said := w.examine(t); strings.Join(codes, "|") != c.want || !strings.Contains(said, text) {
			t.Errorf("%s: %v\n%s", text, codes, said)
		}
	}
}

func unknownEntry(at time.Time) []x509.RevocationListEntry {
	return []x509.RevocationListEntry{{SerialNumber: big.NewInt(99), RevocationTime: at, ExtraExtensions: []pkix.Extension{extension(99, true, []byte{5, 0})}}}
}

// byMethod has the responder answer differently by method.
func (w *world) byMethod(t *testing.T, change func(a *answering, method string)) {
	inner := map[string]http.HandlerFunc{}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w.respond(t, func(a *answering) { change(a, method) })
		inner[method] = w.handlers["ocsp"]
	}
	w.handlers["ocsp"] = func(rw http.ResponseWriter, r *http.Request) { inner[r.Method](rw, r) }
}

func TestAnswersByGetAndPostAreCompared(t *testing.T) {
	for what, c := range map[string]struct {
		change func(a *answering, method string)
		want   string
		text   string
	}{
		"revoked by GET": {func(a *answering, method string) {
			if method == http.MethodGet {
				a.single.Status, a.single.RevokedAt = ocsp.Revoked, a.single.ThisUpdate
			}
		}, "error ocsp-get-differs", "by POST the answer is good, and by GET it is revoked"},
		"revoked by POST": {func(a *answering, method string) {
			if method == http.MethodPost {
				a.single.Status, a.single.RevokedAt = ocsp.Revoked, a.single.ThisUpdate
			}
		}, "error revoked|warning ocsp-get-differs|warning crl-behind", "by POST the answer is revoked, and by GET it is good"},
		"of a year ago": {func(a *answering, _ string) {
			a.single.ThisUpdate, a.single.NextUpdate = a.single.ThisUpdate.Add(-365*24*time.Hour), time.Time{}
		}, "error ocsp-old", "does not say until when it holds"},
		"without an end": {func(a *answering, _ string) { a.single.NextUpdate = time.Time{} }, "warning ocsp-no-end", "the answer to GET does not say"},
	} {
		w := newWorld(t)
		w.byMethod(t, c.change)
		if codes, text := w.examine(t); strings.Join(codes, "|") != c.want || !strings.Contains(text, c.text) {
			t.Errorf("%s: %v\n%s", what, codes, text)
		}
	}
}
