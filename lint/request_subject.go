package lint

import (
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

func requestSubjectEmpty(q *request.Request, r *report) {
	if q.Subject.IsEmpty() && len(q.SubjectAltNames()) == 0 {
		r.add("subject", "give it a subject or a subject alternative name", "neither subject nor subject alternative names say what the certificate is for")
	}
}

func requestStringType(q *request.Request, r *report)    { stringType(q.Subject, r) }
func requestStringOld(q *request.Request, r *report)     { stringOld(q.Subject, r) }
func requestLength(q *request.Request, r *report)        { length(q.Subject, r) }
func requestValueEmpty(q *request.Request, r *report)    { valueEmpty(q.Subject, r) }
func requestValueReadable(q *request.Request, r *report) { valueReadable(q.Subject, r) }
func requestValueControl(q *request.Request, r *report)  { valueControl(q.Subject, r) }
func requestValueBlank(q *request.Request, r *report)    { valueBlank(q.Subject, r) }
func requestCountry(q *request.Request, r *report)       { country(q.Subject, r) }
func requestRepeated(q *request.Request, r *report)      { repeated(q.Subject, r) }

// requestPlaceholder finds what programs fill in where a person types nothing.
func requestPlaceholder(q *request.Request, r *report) {
	attributes(q.Subject, func(a *dn.Attribute) {
		switch text := a.Text(); text {
		case "Internet Widgits Pty Ltd", "Some-State", "Default City", "Default Company Ltd", "Default_City", "XX":
			r.add(field(a), "write your own, or leave it out", "%s is %q, which is what a program fills in where nothing is typed", a.Type.Name(), text)
		}
	})
}

func requestSubjectEmail(q *request.Request, r *report) {
	names := q.SubjectAltNames()
	attributes(q.Subject, func(a *dn.Attribute) {
		if a.Type != oid.EmailAddress {
			return
		}
		for i := range names {
			if names[i].Kind == ext.Email && strings.EqualFold(string(names[i].Content), a.Text()) {
				return
			}
		}
		r.add(field(a), "add it as a subject alternative name (email:)", "the e-mail address %s is in the subject only; mail programs look at the subject alternative names", quoteShort(a.Text()))
	})
}

func requestHostsMissing(q *request.Request, r *report) {
	hostsMissing(q.Subject, q.SubjectAltNames(), "make the request with it as a subject alternative name; some profiles copy it there by themselves", r)
}

func requestCommonNameURL(q *request.Request, r *report) {
	attributes(q.Subject, func(a *dn.Attribute) {
		if text := a.Text(); a.Type == oid.CommonName && (strings.Contains(text, "://") || strings.HasPrefix(text, "www.") && strings.Contains(text, "/")) {
			r.add(field(a), "write the host name alone", "the common name %s is a URL", quoteShort(text))
		}
	})
}

func requestChallengePassword(q *request.Request, r *report) {
	if password, ok := q.ChallengePassword(); ok {
		if why := request.ChallengeWeakness(password); why != "" {
			r.add("attributes.challengePassword", "make the request with a longer one, or without", "the challenge password is too weak to revoke by: %s", why)
		}
		r.add("attributes.challengePassword", "do not pass the request on in public, or make it without", "the request carries a challenge password in clear: whoever reads the request can revoke the certificate with it")
	}
}
