package ocsp

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Expected is what an answer is held against.
type Expected struct {
	Certificate *cert.Certificate // that was asked about
	Issuer      *cert.Certificate // its issuer
	Now         time.Time
	Skew        time.Duration // how far the two clocks may be apart; 0: five minutes
	Nonce       []byte        // that was sent; nil for none
	Trusted     []*cert.Certificate
}

// Code says what kind a problem is.
type Code string

// The problems.
const (
	NoAnswer         Code = "no-answer"          // the response holds none that can be used
	WrongResponder   Code = "wrong-responder"    // nobody entitled is named as the signer
	BadSignature     Code = "bad-signature"      //
	NoSigningPurpose Code = "no-signing-purpose" // the responder's certificate lacks OCSPSigning
	ResponderExpired Code = "responder-expired"  //
	NotAsked         Code = "not-asked"          // the answer is about other certificates
	TooOld           Code = "too-old"            // nextUpdate has passed
	TooEarly         Code = "too-early"          // thisUpdate is to come
	WrongNonce       Code = "wrong-nonce"        //
	NoNonce          Code = "no-nonce"           // one was sent, none came back
	NoNoCheck        Code = "no-nocheck"         // the responder's certificate does not say that it need not be checked
)

// Problem is one thing that is wrong with an answer, with what to do about it.
type Problem struct {
	Code    Code
	Detail  string
	Fix     string
	Warning bool // the answer can be relied on all the same
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// CheckSignature verifies the signature by this key.
func (b *Basic) CheckSignature(by *key.Public) error {
	if b.ragged {
		return fmt.Errorf("the signature has unused bits: %w", key.ErrSignature)
	}
	return key.Verify(by, b.SignatureAlgorithm, b.RawTBS, b.SignatureValue)
}

// For returns the answer about a certificate of this issuer.
func (b *Basic) For(certificate, issuer *cert.Certificate) (*SingleResponse, bool) {
	for i := range b.Responses {
		if b.Responses[i].CertID.Names(certificate, issuer) {
			return &b.Responses[i], true
		}
	}
	return nil, false
}

// named reports whether the answer names this certificate's holder as its
// signer.
func (b *Basic) named(c *cert.Certificate) bool {
	if b.ResponderName != nil {
		return b.ResponderName.Equal(c.Subject)
	}
	return bytes.Equal(b.ResponderKey, c.PublicKey.Identifier())
}

// Responder returns the certificate of who signed: the issuer itself, one that
// is trusted anyway, or one among those of the answer (RFC 6960, Section
// 4.2.2.2). Whether it was entitled to is another question.
func (b *Basic) Responder(issuer *cert.Certificate, trusted ...*cert.Certificate) (*cert.Certificate, bool) {
	for _, c := range slices.Concat([]*cert.Certificate{issuer}, trusted, b.Certificates) {
		if b.named(c) && b.CheckSignature(c.PublicKey) == nil {
			return c, true
		}
	}
	return nil, false
}

// Verify returns the answer about the certificate; the error is the first
// *Problem that is no warning.
func (r *Response) Verify(e Expected) (*SingleResponse, error) {
	single, problems := r.Check(e)
	for i := range problems {
		if !problems[i].Warning {
			return nil, &problems[i]
		}
	}
	return single, nil
}

// Check finds everything that is wrong with an answer, and the answer itself
// where there is one about the certificate (RFC 6960, Section 3.2).
func (r *Response) Check(e Expected) (*SingleResponse, []Problem) {
	if e.Skew == 0 {
		e.Skew = 5 * time.Minute
	}
	if r.Status != Successful {
		return nil, []Problem{{Code: NoAnswer, Detail: fmt.Sprintf("the responder gives no answer but %v", r.Status), Fix: fixOf(r.Status)}}
	}
	if r.Basic == nil {
		return nil, []Problem{{Code: NoAnswer, Detail: fmt.Sprintf("the answer is of the type %s, which is not understood", r.Type.Name()), Fix: "have the responder give basic answers"}}
	}
	problems := append(r.Basic.checkResponder(&e), r.Basic.checkNonce(e.Nonce)...)
	single, ok := r.Basic.For(e.Certificate, e.Issuer)
	if !ok {
		return nil, append(problems, Problem{Code: NotAsked, Detail: "the answer is not about the certificate that was asked about",
			Fix: "check that the responder serves this issuer; the names and keys of issuers are hashed into the question"})
	}
	return single, append(problems, single.checkTimes(&e)...)
}

// fixOf is what to do about a status that is no answer.
func fixOf(s Status) string {
	switch s {
	case MalformedRequest:
		return "check that the request reaches the responder whole, and that it knows the hash it is made with"
	case InternalError:
		return "look into the responder's log"
	case TryLater:
		return "try again in a while"
	case SigRequired:
		return "ask with a signed request"
	case Unauthorized:
		return "check the responder's address: it does not answer for this issuer, or does not know the certificate"
	}
	return "ask who runs the responder"
}

func (b *Basic) checkNonce(sent []byte) []Problem {
	if sent == nil {
		return nil
	}
	got, err := Nonce(b.Extensions)
	switch {
	case err != nil:
		return []Problem{{Code: WrongNonce, Detail: "in the answer, " + err.Error(), Fix: "have the responder send the nonce back as it came"}}
	case got == nil:
		return []Problem{{Code: NoNonce, Warning: true, Detail: "the answer does not repeat the nonce of the question, so an old answer cannot be told from a new one until it ends",
			Fix: "let the responder sign answers to questions with a nonce, if that matters"}}
	case !bytes.Equal(got, sent):
		return []Problem{{Code: WrongNonce, Detail: "the nonce of the answer is not that of the question: the answer is to somebody else, or is played back", Fix: "see whether a cache in between keeps answers to POST"}}
	}
	return nil
}

func (s *SingleResponse) checkTimes(e *Expected) []Problem {
	switch {
	case s.ThisUpdate.After(e.Now.Add(e.Skew)):
		return []Problem{{Code: TooEarly, Detail: fmt.Sprintf("the answer holds from %s on, and it is %s now", stamp(s.ThisUpdate), stamp(e.Now)), Fix: "set the clock of this machine, or of the responder, right"}}
	case !s.NextUpdate.IsZero() && s.NextUpdate.Before(e.Now.Add(-e.Skew)):
		return []Problem{{Code: TooOld, Detail: fmt.Sprintf("the answer held until %s, and it is %s now", stamp(s.NextUpdate), stamp(e.Now)), Fix: "see whether a cache in between, or the responder, keeps answers too long, and whether the clocks agree"}}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkResponder finds what is wrong with who signed (RFC 6960, Section 4.2.2.2).
func (b *Basic) checkResponder(e *Expected) []Problem {
	c, ok := b.Responder(e.Issuer, e.Trusted...)
	if !ok {
		return b.noResponder(e)
	}
	if bytes.Equal(c.Raw, e.Issuer.Raw) || bytes.Equal(c.PublicKey.Raw, e.Issuer.PublicKey.Raw) || slices.ContainsFunc(e.Trusted, func(t *cert.Certificate) bool { return bytes.Equal(t.Raw, c.Raw) }) {
		return nil
	}
	return delegated(c, e)
}

// noResponder says why nobody is found to have signed.
func (b *Basic) noResponder(e *Expected) []Problem {
	for _, c := range slices.Concat([]*cert.Certificate{e.Issuer}, e.Trusted, b.Certificates) {
		if b.named(c) {
			return []Problem{{Code: BadSignature, Detail: fmt.Sprintf("the answer is not signed by %s, whom it names as the responder: %v", c.Subject, b.CheckSignature(c.PublicKey)),
				Fix: "see whether something in between changes answers, and that the responder uses the key of its certificate"}}
		}
	}
	who := "the responder with the key " + fmt.Sprintf("%x", b.ResponderKey)
	if b.ResponderName != nil {
		who = b.ResponderName.String()
	}
	return []Problem{{Code: WrongResponder, Detail: fmt.Sprintf("the answer is from %s, which is not the issuer, and its certificate does not come along", who),
		Fix: "have the responder send its certificate in the answer"}}
}

// delegated finds what is wrong with a responder that is not the issuer.
func delegated(c *cert.Certificate, e *Expected) []Problem {
	var out []Problem
	add := func(code Code, warning bool, fix, format string, args ...any) {
		out = append(out, Problem{Code: code, Detail: fmt.Sprintf(format, args...), Fix: fix, Warning: warning})
	}
	if !c.Issuer.Equal(e.Issuer.Subject) || c.CheckSignature(e.Issuer.PublicKey) != nil {
		add(WrongResponder, false, "have the responder's certificate issued by "+e.Issuer.Subject.String()+" itself",
			"the certificate of the responder %s is from %s, and not from the issuer of what is asked about", c.Subject, c.Issuer)
	}
	if !forSigning(c) {
		add(NoSigningPurpose, false, "have one issued with the extended key usage OCSPSigning, such as by the profile ocsp",
			"the certificate of the responder %s is not for signing OCSP answers", c.Subject)
	}
	switch {
	case e.Now.Before(c.NotBefore.Add(-e.Skew)):
		add(ResponderExpired, false, "set the clocks right", "the certificate of the responder %s is valid from %s on", c.Subject, stamp(c.NotBefore))
	case e.Now.After(c.NotAfter):
		add(ResponderExpired, false, "renew it", "the certificate of the responder %s expired on %s", c.Subject, stamp(c.NotAfter))
	}
	if _, ok := ext.Find(c.Extensions, oid.OCSPNoCheck); !ok {
		add(NoNoCheck, true, "have it issued with the extension id-pkix-ocsp-nocheck, and for a short time",
			"the certificate of the responder %s does not say that it need not be checked itself, so clients would have to", c.Subject)
	}
	return out
}

// forSigning reports whether a certificate names the purpose of signing
// answers; anyExtendedKeyUsage does not do.
func forSigning(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.ExtKeyUsage)
	if !ok {
		return false
	}
	purposes, err := ext.ParseExtKeyUsage(e.Value)
	return err == nil && slices.Contains(purposes, oid.OCSPSigning)
}
