package doctor

import (
	"crypto"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
)

// ocsp asks a responder by POST with a nonce, and by GET without.
func (x *examination) ocsp(uri string) {
	single := x.ask(uri)
	if single == nil {
		return
	}
	if hash := single.CertID.Hash(); hash != asked {
		x.add(Failure, "ocsp-cert-id", "ocsp", uri, "let the responder name certificates in answers as the question does (RFC 6960, Section 3.2)",
			"the question names the certificate by %s, and the answer by %s: most programs do not find it there", asked, hash)
	}
	switch single.Status {
	case ocsp.Revoked:
		x.revokedByOCSP = true
		x.revoked("ocsp", uri, single.RevokedAt, single.Reason)
	case ocsp.Unknown:
		x.add(Failure, "ocsp-unknown", "ocsp", uri, "let the responder know the certificates that were issued", "the responder does not know the certificate")
	default:
		x.goodByOCSP = true
		until := "and there may be news at any time"
		if !single.NextUpdate.IsZero() {
			until = "until " + stamp(single.NextUpdate)
		}
		x.add(Fine, "ocsp-good", "ocsp", uri, "", "the answer is good, %s", until)
	}
	x.byGet(uri, single.Status)
}

// ask asks a responder by POST with a nonce; nil where there is no answer to
// rely on.
func (x *examination) ask(uri string) *ocsp.SingleResponse {
	if !x.scheme("ocsp", uri) || x.issuer == nil {
		return nil
	}
	nonce := newNonce()
	question, err := x.question(nonce)
	if err != nil {
		x.add(Failure, "ocsp-question", "ocsp", uri, "have it issued anew", "no question can be made of the certificate: %v", err)
		return nil
	}
	f := x.doctor.do(x.ctx, http.MethodPost, uri, ocsp.RequestType, question)
	if !x.usable("ocsp", uri, f, ocsp.ResponseType) {
		return nil
	}
	return x.judge(uri, f.body, nonce)
}

// asked is the hash of questions, which every responder understands (RFC 5019,
// Section 2.1.1).
const asked = crypto.SHA1

func (x *examination) question(nonce []byte) ([]byte, error) {
	id, err := ocsp.NewCertID(asked, x.issuer, x.certificate.Serial)
	if err != nil {
		return nil, err
	}
	template := ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: id}}}
	if nonce != nil {
		e, err := ocsp.NewNonce(nonce)
		if err != nil {
			return nil, err
		}
		template.Extensions = []ext.Extension{e}
	}
	return ocsp.CreateRequest(template)
}

// oldAnswer is how old an answer may be that does not say until when it holds.
const oldAnswer = 24 * time.Hour

// judge tells what is wrong with an answer; nil where there is none to rely on.
func (x *examination) judge(uri string, body, nonce []byte) *ocsp.SingleResponse {
	r, err := ocsp.ParseResponse(body)
	if err != nil {
		x.add(Failure, "ocsp-damaged", "ocsp", uri, "check that the address is that of an OCSP responder", "the answer cannot be read: %v", err)
		return nil
	}
	single, problems := r.Check(ocsp.Expected{Certificate: x.certificate, Issuer: x.issuer, Now: x.now(), Nonce: nonce})
	for _, p := range problems {
		severity := Failure
		if p.Warning {
			severity = Warning
		} else {
			single = nil
		}
		x.add(severity, "ocsp-"+string(p.Code), "ocsp", uri, p.Fix, "%s", p.Detail)
	}
	if single != nil && single.NextUpdate.IsZero() && x.now().Sub(single.ThisUpdate) > oldAnswer {
		x.add(Failure, "ocsp-old", "ocsp", uri, "let the responder sign answers anew, and say until when they hold", "the answer is of %s, and does not say until when it holds", stamp(single.ThisUpdate))
		single = nil
	}
	if single != nil {
		x.responses = append(x.responses, r)
	}
	return single
}

// maxGet is how long a question may be for clients to ask it by GET (RFC 5019,
// Section 5).
const maxGet = 255

// byGet asks as clients do whose answers caches in between may keep; posted is
// what was answered to POST.
func (x *examination) byGet(uri string, posted ocsp.CertStatus) {
	question, err := x.question(nil)
	if err != nil {
		return
	}
	address := strings.TrimSuffix(uri, "/") + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(question))
	if len(address) > maxGet {
		return
	}
	f := x.doctor.do(x.ctx, http.MethodGet, address, "", nil)
	if f.problem != "" || f.status != http.StatusOK {
		x.add(Warning, "ocsp-get", "ocsp", uri, "let the responder answer GET, too: many clients ask so", "the responder does not answer questions by GET: %s", f.problem+f.reason)
		return
	}
	single := x.judge(uri, f.body, nil)
	if single == nil {
		return
	}
	if single.Status != posted {
		severity := Failure
		if posted == ocsp.Revoked {
			severity = Warning
		}
		x.add(severity, "ocsp-get-differs", "ocsp", uri, "let the responder answer both alike, and caches in between keep answers for a shorter time", "by POST the answer is %s, and by GET it is %s", posted, single.Status)
	}
	if single.NextUpdate.IsZero() && single.Status != ocsp.Unknown {
		x.add(Warning, "ocsp-no-end", "ocsp", uri, "let the responder send nextUpdate with answers to GET (RFC 5019, Section 2.2.4)", "the answer to GET does not say until when it holds")
	}
	x.caching(uri, f, single)
}

// caching tells whether caches in between may keep an answer for as long as it
// holds, and no longer.
func (x *examination) caching(uri string, f *fetched, single *ocsp.SingleResponse) {
	if f.header.Get("Cache-Control") == "" && f.header.Get("Expires") == "" {
		x.add(Warning, "ocsp-caching", "ocsp", uri, "let the responder send Cache-Control with answers to GET (RFC 5019, Section 6.2)", "caches in between cannot keep the answers, since nothing says for how long")
		return
	}
	kept, ok := keptFor(f.header, x.now())
	if holds := single.NextUpdate.Sub(x.now()); ok && !single.NextUpdate.IsZero() && kept > holds+skewed {
		x.add(Warning, "ocsp-caching-long", "ocsp", uri, "let the responder send a max-age with answers to GET that ends before they do (RFC 5019, Section 6.2)",
			"caches in between may keep the answer for %s, and it only holds until %s: after that they give out one that clients refuse", kept.Round(time.Second), stamp(single.NextUpdate))
	}
}
