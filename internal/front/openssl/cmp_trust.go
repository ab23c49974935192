package openssl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/protocol/cmp"
)

// prepareTrust loads what answers are verified by.
func (m *managing) prepareTrust() error {
	if files := m.text("untrusted"); files != "" {
		found, err := m.severalFiles(files, "certs of untrusted certificates")
		if err != nil {
			return err
		}
		m.addUntrusted(found, false)
	}
	trusted := m.text("trusted")
	if file := m.text("srvcert"); file != "" {
		if trusted != "" {
			m.warn("-trusted option is ignored since -srvcert option is present")
			trusted = ""
		}
		if m.text("recipient") != "" {
			m.warn("-recipient option is ignored since -srvcert option is present")
		}
		var err error
		if m.pinned, err = m.certificate(file, "otherpass", "directly trusted CMP server certificate"); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		files, what string
		to          **truststore
	}{
		{trusted, "certs trusted by client", &m.trusted},
		{m.text("out_trusted"), "trusted certs for verifying newly enrolled cert", &m.outTrusted},
	} {
		if s.files == "" {
			continue
		}
		var err error
		if *s.to, err = m.loadTrusted(s.files, s.what); err != nil {
			return err
		}
	}
	m.client.Implicit, m.client.NoConfirm = m.has("implicit_confirm"), m.has("disable_confirm")
	return nil
}

// addUntrusted adds certificates to build paths with, those that are new.
func (m *managing) addUntrusted(list []*cert.Certificate, first bool) {
	var fresh []*cert.Certificate
	for _, c := range list {
		same := func(known *cert.Certificate) bool { return bytes.Equal(known.Raw, c.Raw) }
		if !slices.ContainsFunc(m.untrusted, same) && !slices.ContainsFunc(fresh, same) {
			fresh = append(fresh, c)
		}
	}
	if first {
		m.untrusted = append(fresh, m.untrusted...)
		return
	}
	m.untrusted = append(m.untrusted, fresh...)
}

// forPeers are the options of validation that count for those who sign
// messages: they need not be for a host.
func (m *managing) forPeers() []given {
	return slices.DeleteFunc(slices.Clone(m.given), func(g given) bool {
		return g.name == "verify_hostname" || g.name == "verify_email" || g.name == "verify_ip"
	})
}

// forNew are those that count for a new certificate: nobody has revoked it yet.
func (m *managing) forNew() []given {
	return slices.DeleteFunc(slices.Clone(m.given), func(g given) bool {
		return slices.Contains([]string{"attime", "ignore_critical", "crl_check", "crl_check_all", "explicit_policy", "x509_strict", "use_deltas", "check_ss_sig", "allow_proxy_certs"}, g.name)
	})
}

// moment is the time that paths are verified at.
func (m *managing) moment() time.Time {
	if m.has("attime") {
		return time.Unix(int64(m.count("attime", 0)), 0)
	}
	return m.Now()
}

// validPath is the path of a certificate to what is trusted, itself first; the
// error says what is wrong with it.
func (m *managing) validPath(store *truststore, c *cert.Certificate, others []*cert.Certificate, options []given) ([]*cert.Certificate, error) {
	quiet := *m.call
	quiet.given, quiet.Stderr = options, io.Discard
	v := &verifier{call: &quiet, depth: quiet.count("verify_depth", defaultDepth), level: quiet.count("auth_level", 0), now: m.Now(), store: store, untrusted: others}
	if err := v.readOptions(); err != nil {
		return nil, err
	}
	p := &path{verifier: v, chain: []link{v.link(anchor{Certificate: c})}}
	if p.verify(); p.failed {
		return nil, fmt.Errorf("Certificate verification at depth = %d error = %d (%s)", p.firstDepth, int(p.first), p.first.words())
	}
	var found []*cert.Certificate
	for _, l := range p.chain {
		found = append(found, l.Certificate)
	}
	return found, nil
}

// above is a certificate with those that issued it, as far as they are known.
func (m *managing) above(c *cert.Certificate) []*cert.Certificate {
	chain := []*cert.Certificate{c}
	for last := c; !signsItself(last) && len(chain) < defaultDepth; last = chain[len(chain)-1] {
		i := slices.IndexFunc(m.untrusted, func(u *cert.Certificate) bool {
			return mayHaveIssued(u, last) && !slices.ContainsFunc(chain, func(known *cert.Certificate) bool { return bytes.Equal(known.Raw, u.Raw) })
		})
		if i < 0 {
			break
		}
		chain = append(chain, m.untrusted[i])
	}
	return chain
}

func signsItself(c *cert.Certificate) bool {
	shown, err := text.ReadCertificate(c.Raw)
	return err == nil && shown.SignsItself()
}

// withoutRoots leaves out what signs itself, but the first.
func withoutRoots(chain []*cert.Certificate) []*cert.Certificate {
	return append(chain[:1:1], slices.DeleteFunc(slices.Clone(chain[1:]), signsItself)...)
}

// senderExpected reports whether a message comes from whom answers are
// expected from.
func (m *managing) senderExpected(answer *cmp.Message) bool {
	expected := m.sender
	if expected == nil && m.pinned != nil {
		expected = &m.pinned.Subject
	}
	if expected == nil {
		return true
	}
	name, err := answer.Header.Sender.Directory()
	if err == nil && name.Equal(*expected) {
		return true
	}
	m.tell(levelInfo, " actual name in sender DN field = %s", text.Slash(name))
	m.tell(levelInfo, " does not match expected sender = %s", text.Slash(*expected))
	return false
}

// takesUnprotected reports whether an answer without protection is taken.
func (m *managing) takesUnprotected(answer *cmp.Message) bool {
	return m.senderExpected(answer) && m.overlooks(answer, "missing")
}

// overlooks reports whether a message is one of those that -unprotected_errors
// takes whatever their protection is.
func (m *managing) overlooks(answer *cmp.Message, what string) bool {
	if !m.has("unprotected_errors") {
		return false
	}
	name := ""
	switch answer.Body.Kind {
	case cmp.ErrorMessage:
		name = "error response"
	case cmp.Confirmation:
		name = "PKI Confirmation message"
	case cmp.RevocationResponse:
		if r, err := answer.Body.RevocationReply(); err == nil && len(r.Statuses) == 1 && r.Statuses[0].Status == cmp.Rejection {
			name = "revocation response message with rejection status"
		}
	case cmp.InitializationResponse, cmp.CertificationResponse, cmp.KeyUpdateResponse:
		if r, err := answer.Body.Reply(); err == nil && len(r.Responses) == 1 && r.Responses[0].Status.Status == cmp.Rejection {
			name = "CertRepMessage with rejection status"
		}
	}
	if name != "" {
		m.warn("ignoring %s protection of %s", what, name)
	}
	return name != ""
}

// verifyAnswer verifies the protection of an answer.
func (m *managing) verifyAnswer(answer *cmp.Message) error {
	if !m.senderExpected(answer) {
		return trouble{}
	}
	var sent []*cert.Certificate
	for _, raw := range answer.ExtraCerts {
		if c, err := cert.Parse(raw); err == nil {
			sent = append(sent, c)
		}
	}
	before := m.untrusted
	m.addUntrusted(sent, true)
	err := m.verifyProtection(answer, sent)
	if err == nil {
		return nil
	}
	var lines trouble
	if !errors.As(err, &lines) {
		lines = trouble{err.Error()}
	}
	if m.overlooks(answer, "invalid") {
		m.overlooked = lines
		return nil
	}
	m.untrusted = before
	return append(lines, "error validating protection")
}

func (m *managing) verifyProtection(answer *cmp.Message, sent []*cert.Certificate) error {
	m.tell(levelDebug, "validating CMP message")
	switch {
	case answer.ByMAC():
		return m.verifyMAC(answer)
	case m.pinned != nil:
		if err := m.verifySignature(answer, m.pinned); err != nil {
			m.warn("CMP message signature verification failed")
			return append(err, "srvcert does not validate msg")
		}
		return nil
	case m.trusted == nil && m.secret != nil:
		m.tell(levelInfo, "no trust store nor pinned server cert available for verifying signature-based CMP message protection")
		return trouble{"missing trust anchor"}
	}
	return m.findSigner(answer, sent)
}

// verifyMAC verifies by the shared secret. What such an answer sends as
// certificates of authorities is trusted (RFC 4210, Section 5.3.2).
func (m *managing) verifyMAC(answer *cmp.Message) error {
	if m.secret == nil {
		m.tell(levelInfo, "no secret available for verifying PBM-based CMP message protection")
		return trouble{"missing secret"}
	}
	if err := answer.VerifySecret(m.secret); err != nil {
		m.warn("verifying PBM-based CMP message protection failed")
		if errors.Is(err, cmp.ErrProtection) {
			return trouble{"wrong pbm value"}
		}
		return err
	}
	if m.trusted == nil {
		return nil
	}
	if reply, err := answer.Body.Reply(); err == nil {
		for _, raw := range reply.CAPubs {
			if c, err := cert.Parse(raw); err == nil {
				m.trusted.anchors = append(m.trusted.anchors, anchor{Certificate: c})
			}
		}
	}
	return nil
}

// verifySignature verifies by the key of a certificate that may sign.
func (m *managing) verifySignature(answer *cmp.Message, by *cert.Certificate) trouble {
	if e, ok := ext.Find(by.Extensions, oid.KeyUsage); ok && !m.has("ignore_keyusage") {
		if usage, err := ext.ParseKeyUsage(e.Value); err != nil || usage&ext.DigitalSignature == 0 {
			return trouble{"missing key usage digitalsignature", "error validating signature"}
		}
	}
	if err := answer.VerifySignature(by.PublicKey); err != nil {
		return trouble{"error validating signature"}
	}
	return nil
}

// colons writes octets as the log has key identifiers.
func colons(octets []byte) string {
	var out []string
	for _, c := range octets {
		out = append(out, strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return strings.Join(out, ":")
}
