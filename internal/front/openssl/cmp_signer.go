package openssl

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/protocol/cmp"
)

// search looks for the certificate that a message is signed by.
type search struct {
	*managing
	answer *cmp.Message
	tell   func(level int, format string, args ...any)
	seen   []*cert.Certificate
	faults trouble
}

// findSigner looks for a valid certificate that signed an answer: among what
// came with it, what was given to build paths with, and what is trusted. Where
// there is none, all is gone through again, and told.
func (m *managing) findSigner(answer *cmp.Message, sent []*cert.Certificate) error {
	s := &search{managing: m, answer: answer, tell: func(int, string, ...any) {}}
	if m.validated != nil && s.acceptable(m.validated, "previously validated", "sender cert") && s.valid(m.validated) {
		return nil
	}
	if m.validated = s.among(sent); m.validated != nil {
		return nil
	}
	name, err := answer.Header.Sender.Directory()
	if err != nil {
		return trouble{"sender generalname type not supported"}
	}
	s = &search{managing: m, answer: answer, tell: m.tell}
	sender, id := text.Slash(name), colons(answer.Header.SenderKID)
	s.tell(levelInfo, "trying to verify msg signature with a valid cert that..")
	s.tell(levelInfo, "matches msg sender    = %s", sender)
	none := "no suitable sender cert:for msg sender name = " + sender
	if id == "" {
		s.tell(levelInfo, "while msg header does not contain senderKID")
	} else {
		s.tell(levelInfo, "matches msg senderKID = %s", id)
		none += " and for msg senderKID = " + id
	}
	s.among(sent)
	return append(s.faults, none)
}

// among returns the first certificate that will do.
func (s *search) among(sent []*cert.Certificate) *cert.Certificate {
	s.tell(levelInfo, "trying first normal mode using trust store")
	var trusted []*cert.Certificate
	if s.trusted != nil {
		for _, a := range s.trusted.anchors {
			trusted = append(trusted, a.Certificate)
		}
	}
	for _, place := range []struct {
		name string
		list []*cert.Certificate
	}{{"extraCerts", sent}, {"untrusted certs", s.untrusted}, {"certs in trusted store", trusted}} {
		switch {
		case place.name == "certs in trusted store" && s.trusted == nil:
			s.tell(levelWarning, "no trusted store")
		case len(place.list) == 0:
			s.tell(levelWarning, "no %s", place.name)
		}
		acceptable := 0
		for _, c := range place.list {
			if !s.acceptable(c, "cert from", place.name) {
				continue
			}
			acceptable++
			if s.valid(c) {
				return c
			}
		}
		if place.name == "extraCerts" && len(sent) > 0 && acceptable == 0 {
			s.tell(levelWarning, "no acceptable cert in extraCerts")
		}
	}
	return nil
}

// acceptable reports whether a certificate is one that signed the answer.
func (s *search) acceptable(c *cert.Certificate, what, where string) bool {
	self := ""
	if c.SelfIssued() {
		self = "self-issued "
	}
	s.tell(levelInfo, " considering %s%s %s with..", self, what, where)
	s.tell(levelInfo, "  subject = %s", text.Slash(c.Subject))
	if self == "" {
		s.tell(levelInfo, "  issuer  = %s", text.Slash(c.Issuer))
	}
	if slices.ContainsFunc(s.seen, func(known *cert.Certificate) bool { return bytes.Equal(known.Raw, c.Raw) }) {
		s.tell(levelInfo, " cert has already been checked")
		return false
	}
	s.seen = append(s.seen, c)
	if now := s.moment(); !s.has("no_check_time") {
		switch {
		case now.After(c.NotAfter):
			s.tell(levelWarning, "cert has expired")
			return false
		case now.Before(c.NotBefore):
			s.tell(levelWarning, "cert is not yet valid")
			return false
		}
	}
	return s.named(c) && s.identified(c) && s.signed(c)
}

// named reports whether a certificate has the name of the sender.
func (s *search) named(c *cert.Certificate) bool {
	name, err := s.answer.Header.Sender.Directory()
	if err == nil && name.Equal(c.Subject) {
		s.tell(levelInfo, " subject matches sender field: %s", text.Slash(c.Subject))
		return true
	}
	s.tell(levelInfo, " actual name in cert subject = %s", text.Slash(c.Subject))
	s.tell(levelInfo, " does not match sender field = %s", text.Slash(name))
	return false
}

// identified reports whether a certificate has the key identifier that the
// answer names, if it does.
func (s *search) identified(c *cert.Certificate) bool {
	want := s.answer.Header.SenderKID
	if want == nil {
		return true
	}
	got := keyIdentifierOf(c)
	switch {
	case got == nil:
		s.tell(levelWarning, "missing Subject Key Identifier in certificate")
		return false
	case bytes.Equal(got, want):
		s.tell(levelInfo, " subjectKID matches senderKID: %s", colons(got))
		return true
	}
	s.tell(levelInfo, " cert Subject Key Identifier = %s", colons(got))
	s.tell(levelInfo, " does not match senderKID    = %s", colons(want))
	return false
}

func (s *search) signed(c *cert.Certificate) bool {
	if err := s.verifySignature(s.answer, c); err != nil {
		s.faults = append(s.faults, err...)
		s.tell(levelWarning, "msg signature verification failed")
		return false
	}
	s.tell(levelInfo, " cert seems acceptable")
	return true
}

// valid reports whether there is a path to what is trusted.
func (s *search) valid(c *cert.Certificate) bool {
	if s.trusted == nil {
		s.faults = append(s.faults, "missing trust store")
	} else {
		_, err := s.validPath(s.trusted, c, s.untrusted, s.forPeers())
		if err == nil {
			return true
		}
		s.tell(levelError, "certificate verification failed:%v", err)
		s.tell(levelError, "potentially invalid certificate")
	}
	s.tell(levelWarning, "msg signature validates but cert path validation failed")
	return false
}
