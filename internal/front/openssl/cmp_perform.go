package openssl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/protocol/cmp"
)

// pollMargin is what is left of -total_timeout for the last question.
const pollMargin = 5 * time.Second

// perform does what -cmd says, once, and writes what comes of it.
func (m *managing) perform() error {
	ctx := context.Background()
	if m.total > 0 {
		m.deadline = time.Now().Add(m.total)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, m.total)
		defer stop()
	}
	m.last, m.chain = nil, nil
	enrolled, err := m.ask(ctx)
	var refused *cmp.RefusedError
	if errors.As(err, &refused) && refused.Status.Status == cmp.Rejection && m.last.Body.Kind != cmp.ErrorMessage && m.command != "rr" {
		m.tell(levelError, "received \"rejection\" status rather than cert")
	}
	if m.hasStatus(err) {
		m.tellStatus()
		if saved := m.saveCertificates(m.last.ExtraCerts, "extracertsout", "extra"); saved != nil {
			return saved
		}
	}
	if err != nil {
		return m.tellTrouble(err)
	}
	var pubs, fresh [][]byte
	if enrolled != nil {
		pubs, fresh = enrolled.CAPubs, [][]byte{enrolled.Certificate.Raw}
	}
	for _, s := range []struct {
		certs        [][]byte
		option, what string
	}{{pubs, "cacertsout", "CA"}, {fresh, "certout", "enrolled"}, {m.chain, "chainout", "chain"}} {
		if s.option == "certout" && s.certs == nil {
			continue
		}
		if err := m.saveCertificates(s.certs, s.option, s.what); err != nil {
			return err
		}
	}
	return nil
}

// hasStatus reports whether the server has said yes or no, in words that
// count.
func (m *managing) hasStatus(err error) bool {
	var refused *cmp.RefusedError
	var not *rejectedError
	return m.last != nil && (err == nil || errors.As(err, &refused) || errors.As(err, &not))
}

// ask does what -cmd says.
func (m *managing) ask(ctx context.Context) (*cmp.Enrolled, error) {
	if m.unfit != nil {
		return nil, m.unfit
	}
	switch m.command {
	case "genm":
		var questions []cmp.Info
		if m.question.Type != "" {
			questions = append(questions, m.question)
		}
		answers, err := m.client.Ask(ctx, questions...)
		if err == nil {
			m.tellAnswers(answers)
		}
		return nil, err
	case "rr":
		err := m.client.Revoke(ctx, m.revocation())
		if err == nil {
			m.tellRevoked()
		}
		return nil, err
	}
	r, err := m.enrolment()
	if err != nil {
		return nil, err
	}
	return m.client.Enroll(ctx, r)
}

// tellAnswers tells what types of information came.
func (m *managing) tellAnswers(answers []cmp.Info) {
	if len(answers) == 0 {
		m.tell(levelInfo, "genp contains no ITAV")
	}
	for _, a := range answers {
		name := a.Name()
		if name != a.Type.String() {
			name = "id-it-" + name
		}
		m.tell(levelInfo, "genp contains ITAV of type: %s", name)
	}
}

func (m *managing) tellRevoked() {
	reply, err := m.last.Body.RevocationReply()
	if err != nil || len(reply.Statuses) == 0 {
		return
	}
	level, status := levelInfo, reply.Statuses[0].Status
	if status == cmp.RevocationNotification {
		level = levelWarning
	}
	m.tell(level, "revocation accepted (PKIStatus=%v)", status)
}

// wait pauses between two questions for a certificate.
func (m *managing) wait(ctx context.Context, p cmp.Poll) error {
	reason := ""
	if len(p.Reason) > 0 {
		reason = " with reason = '" + strings.Join(p.Reason, ", ") + "'"
	}
	m.tell(levelInfo, "received polling response%s; checkAfter = %d seconds", reason, p.CheckAfter)
	if p.CheckAfter < 0 {
		return trouble{fmt.Sprintf("checkafter out of range:value = %d", p.CheckAfter), "polling failed"}
	}
	pause := time.Duration(p.CheckAfter) * time.Second
	if m.total > 0 {
		left := time.Until(m.deadline) - pollMargin
		if left <= 0 {
			return trouble{"total timeout", "polling failed"}
		}
		pause = min(pause, left)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return trouble{"total timeout", "polling failed"}
	}
}

// accept looks at a new certificate, before it is confirmed.
func (m *managing) accept(c *cert.Certificate) error {
	if reply, err := m.last.Body.Reply(); err == nil && len(reply.Responses) == 1 {
		m.tellGranted(reply.Responses[0].Status.Status)
	}
	subject, why := text.Slash(c.Subject), ""
	var cause string
	public, _ := m.certified()
	if public != nil && !key.SameKey(c.PublicKey, public) {
		why, cause = "public key in new certificate does not match our enrollment key", "key values mismatch"
	} else if m.outTrusted == nil {
		m.chain = rawOf(withoutRoots(m.above(c))[1:])
	} else if found, err := m.validPath(m.outTrusted, c, m.untrusted, m.forNew()); err == nil {
		m.chain = rawOf(withoutRoots(found)[1:])
	} else {
		m.tell(levelError, "failed to validate newly enrolled cert")
		why, cause = "CMP client did not accept it", "certificate verification failed:"+err.Error()
	}
	if why == "" {
		return nil
	}
	m.tell(levelError, "rejecting newly enrolled cert with subject: %s", subject)
	m.tell(levelError, "%s", cause)
	return &rejectedError{subject, why}
}

func (m *managing) tellGranted(s cmp.Status) {
	switch s {
	case cmp.GrantedWithMods:
		m.warn("received \"grantedWithMods\" for certificate")
	case cmp.RevocationWarning:
		m.warn("received \"revocationWarning\" - a revocation of the cert is imminent")
	case cmp.RevocationNotification:
		m.warn("received \"revocationNotification\" - a revocation of the cert has occurred")
	}
}

// tellTrouble tells why it did not go well.
func (m *managing) tellTrouble(err error) error {
	var told complaint
	if errors.As(err, &told) {
		return told
	}
	for _, line := range append(m.overlooked, m.words(err)...) {
		m.tell(levelError, "%s", line)
	}
	return complaint{}
}

// saveCertificates writes certificates to the file that an option names.
func (m *managing) saveCertificates(certs [][]byte, option, what string) error {
	file := m.text(option)
	if file == "" {
		return nil
	}
	m.tell(levelInfo, "received %d %s certificate(s), saving to file '%s'", len(certs), what, file)
	format := formatPEM
	if given := m.text("certform"); given != "" {
		format, _ = parseFormat(given, derOrPEM)
	}
	if len(certs) > 1 && format != formatPEM {
		m.warn("saving more than one certificate in non-PEM format")
	}
	var out bytes.Buffer
	for _, raw := range certs {
		if format == formatPEM {
			raw = pem.Encode("CERTIFICATE", raw)
		}
		out.Write(raw)
	}
	if err := m.writeFile(file, out.Bytes(), false); err != nil {
		m.report(err)
		return m.fail("could not open file '%s' for writing", file)
	}
	return nil
}
