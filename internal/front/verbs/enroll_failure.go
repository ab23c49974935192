package verbs

import (
	"errors"
	"strings"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/protocol/cmp"
)

// distrust is an answer whose protection does not show who gave it.
type distrust struct {
	message  *cmp.Message
	why, fix string
}

func (d *distrust) Error() string { return d.why }

// failure tells of an answer that is not trusted, and of an error what it
// says: that often is why it cannot be verified.
func (d *distrust) failure(err error) *front.Failure {
	f := &front.Failure{Exit: front.ExitFailed, Code: front.CodeInvalid, Detail: "the answer of the server cannot be trusted: " + d.why, Fix: d.fix, Err: err}
	if d.message.Body.Kind != cmp.ErrorMessage {
		return f
	}
	if told, err := d.message.Body.Error(); err == nil {
		f.Detail += "; it says " + toldStatus(told.Status, told.Details)
		if fix := fixOf(told.Status.Failure); fix != "" {
			f.Fix += "; if it is true: " + fix
		}
	}
	return f
}

// failure makes a failure of what went wrong at a CMP server.
func (e *enroller) failure(err error) error {
	var refused *cmp.RefusedError
	var unsure *distrust
	var rule *cmp.Failure
	var known *front.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		return &front.Failure{Exit: front.ExitNo, Code: front.CodeRefused, Detail: "the server refuses: " + toldStatus(refused.Status, refused.Details), Fix: refusalFix(refused.Status), Err: err}
	case errors.As(err, &unsure):
		return unsure.failure(err)
	case errors.As(err, &rule):
		f := &front.Failure{Exit: front.ExitFailed, Code: front.CodeInvalid, Detail: "the answer of the server breaks a rule of CMP: " + rule.Text, Fix: "send the command again; if that repeats, something between here and the server changes messages", Err: err}
		if rule.Info.Has(cmp.BadTime) {
			f.Fix = "set the clock of this machine, and that of the server"
		}
		return f
	case errors.Is(err, cmp.ErrUnprotected):
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeInvalid, Detail: "the answer of the server is not protected, so nobody knows who gave it", Fix: "check the address, and what the server's log says", Err: err}
	}
	if f := explainServer(err); f != nil {
		f.Fix = strings.NewReplacer("--server-root FILE; root.crt in the server's home is it", "--root FILE", "repeat the command; what was done is not done twice with --idempotency-key", "repeat the command").Replace(f.Fix)
		return f
	}
	return &front.Failure{Exit: front.ExitFailed, Code: front.CodeNetwork, Detail: err.Error(), Fix: "check the address: that of certwright's servers ends in /.well-known/cmp or /.well-known/cmp/p/PROFILE", Err: err}
}

// toldStatus is what a server says with a refusal, and the bits that say it to
// programs.
func toldStatus(s cmp.StatusInfo, details []string) string {
	said := strings.Join(append(s.Text[:len(s.Text):len(s.Text)], details...), "; ")
	if said == "" {
		said = sentenceOf(s.Failure)
	}
	if s.Failure != 0 {
		said += " (" + s.Failure.String() + ")"
	}
	return front.Visible(said)
}

// bitMeaning says what a bit of PKIFailureInfo means, and what to do about it.
type bitMeaning struct {
	bit           cmp.FailureInfo
	sentence, fix string
}

// bitMeanings are those of all bits of RFC 9810, Section 5.2.3, the more
// telling ones first.
func bitMeanings() []bitMeaning {
	return []bitMeaning{
		{cmp.BadMessageCheck, "it could not verify the protection of the message", "check the reference and the secret, or the certificate and its key"},
		{cmp.WrongIntegrity, "it wants another kind of protection", "sign with the certificate itself: a secret is for first certificates"},
		{cmp.CertRevoked, "the certificate is revoked", "enrol anew with a secret"},
		{cmp.SignerNotTrusted, "it does not trust the certificate that signs", "sign with a certificate of this authority that is valid, or enrol anew with a secret"},
		{cmp.NotAuthorized, "the sender may not have what was asked for", "ask for the names and the profile that the secret or the certificate is for; an officer sees them with: certwright secret show REFERENCE"},
		{cmp.BadPOP, "possession of the private key is not proven", "make the request again with the key that it is for"},
		{cmp.BadTime, "the time of the message is too far off", "set the clock of this machine"},
		{cmp.BadCertTemplate, "what was asked for is not what it issues", "see what it issues: certwright enroll template URL"},
		{cmp.UnacceptedExtension, "it does not issue an extension that was asked for", "leave the extension out"},
		{cmp.UnacceptedPolicy, "it does not issue under what was asked for", "name another profile with --profile"},
		{cmp.BadAlg, "it does not take the algorithm or the key", "make a key of another kind with --new-key; what is taken tells: certwright enroll template URL"},
		{cmp.BadCertID, "it knows no such certificate", "check that the certificate is of this authority"},
		{cmp.CertConfirmed, "the certificate is confirmed already", "nothing is left to do"},
		{cmp.DuplicateCertReq, "another request for the same is open", "wait until that is confirmed or has ended, and repeat the command"},
		{cmp.TransactionIDInUse, "the transaction is known already", "repeat the command"},
		{cmp.WrongAuthority, "the message is for another authority", "name the right one with --recipient, or leave it out"},
		{cmp.UnsupportedVersion, "it does not speak this version of CMP", "use --mac pbm, and a key that signs"},
		{cmp.AddInfoNotAvailable, "it lacks something that it needs to know", "see the log of the server"},
		{cmp.BadDataFormat, "it could not read the message", "see the log of the server"},
		{cmp.BadRequest, "it does not do what was asked for", "see what the server offers: certwright enroll template URL"},
		{cmp.IncorrectData, "what was sent does not fit what it knows", "check the certificate and the key that were named"},
		{cmp.MissingTimeStamp, "the message lacks a time", "see the log of the server"},
		{cmp.BadRecipientNonce, "the message does not belong to the transaction", "repeat the command"},
		{cmp.BadSenderNonce, "the message lacks a nonce", "repeat the command"},
		{cmp.TimeNotAvailable, "it does not know the time", "repeat the command later"},
		{cmp.SystemUnavail, "it cannot answer now", "repeat the command later"},
		{cmp.SystemFailure, "something failed inside", "repeat the command later; the log of the server says what failed"},
	}
}

func sentenceOf(f cmp.FailureInfo) string {
	for _, m := range bitMeanings() {
		if f.Has(m.bit) {
			return m.sentence
		}
	}
	return "it gives no reason"
}

// refusalFix is what helps against a refusal: where a person refused, what the
// sender shows them would not.
func refusalFix(s cmp.StatusInfo) string {
	if strings.Contains(strings.Join(s.Text, " "), "an officer refused the request") {
		return "ask the officers of the authority, or send another request"
	}
	return fixOf(s.Failure)
}

func fixOf(f cmp.FailureInfo) string {
	for _, m := range bitMeanings() {
		if f.Has(m.bit) {
			return m.fix
		}
	}
	return ""
}
