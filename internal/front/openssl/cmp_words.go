package openssl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/protocol/cmp"
)

// rejectedError is a new certificate that is not taken.
type rejectedError struct{ subject, why string }

func (e *rejectedError) Error() string { return e.why }

// words are the lines that OpenSSL has for an error.
func (m *managing) words(err error) []string {
	var lines trouble
	var refused *cmp.RefusedError
	var rule *cmp.Failure
	var not *rejectedError
	switch {
	case errors.As(err, &lines):
		return lines
	case errors.As(err, &not):
		return []string{fmt.Sprintf("certificate not accepted:rejecting newly enrolled cert with subject: %s; %s", not.subject, not.why)}
	case errors.As(err, &refused):
		return m.refusal(refused)
	case errors.Is(err, cmp.ErrUnprotected):
		return []string{"missing protection"}
	case errors.As(err, &rule):
		return []string{ruleWords(rule)}
	}
	if m.last != nil && m.last.Body.Kind != m.wire.kind.Response() {
		return []string{"unexpected pkibody:message type is '" + shout(m.last.Body.Kind) + "'"}
	}
	return []string{strings.ReplaceAll(err.Error(), "\n", " ")}
}

// ruleWords are those for a rule of headers that is broken.
func ruleWords(f *cmp.Failure) string {
	switch f.Info {
	case cmp.BadRequest:
		return "transactionid unmatched:" + f.Text
	case cmp.BadRecipientNonce:
		return "recipnonce unmatched:" + f.Text
	case cmp.UnsupportedVersion:
		return "unexpected pvno:" + f.Text
	}
	return f.Text
}

// refusal tells what a server refused by.
func (m *managing) refusal(e *cmp.RefusedError) []string {
	status := statusWords(e.Status)
	switch {
	case m.last != nil && m.last.Body.Kind == cmp.ErrorMessage:
		out := "received error:" + status
		if content, err := m.last.Body.Error(); err == nil && content.Code != nil {
			out += fmt.Sprintf("; errorCode: %08X", *content.Code)
		}
		if len(e.Details) > 0 {
			out += "; errorDetails: " + strings.Join(e.Details, ", ")
		}
		return []string{out}
	case m.command == "rr":
		return []string{"request rejected by server:" + status}
	case e.Status.Status == cmp.KeyUpdateWarning:
		return []string{"encountered keyupdatewarning:" + status + "; cannot extract certificate from response"}
	}
	return []string{"request rejected by server:" + status + "; cannot extract certificate from response"}
}

// tellStatus tells of a status that is neither yes nor no, on standard error.
func (m *managing) tellStatus() {
	var all []cmp.StatusInfo
	if reply, err := m.last.Body.Reply(); err == nil {
		for _, one := range reply.Responses {
			all = append(all, one.Status)
		}
	} else if reply, err := m.last.Body.RevocationReply(); err == nil {
		all = reply.Statuses
	}
	if len(all) != 1 || all[0].Status == cmp.Accepted || all[0].Status == cmp.Rejection || all[0].Status == cmp.Waiting || m.level < levelWarning {
		return
	}
	from := ""
	if server := m.text("server"); server != "" {
		from = " from " + server
	}
	fmt.Fprintf(m.Stderr, "CMP warning: received%s %s\n", from, statusWords(all[0]))
}

// statusWords are those of OpenSSL for a PKIStatusInfo.
func statusWords(s cmp.StatusInfo) string {
	names := [...]string{
		"accepted", "granted with modifications", "rejection", "waiting", "revocation warning - a revocation of the cert is imminent",
		"revocation notification - a revocation of the cert has occurred", "key update warning - update already done for the cert",
	}
	out := fmt.Sprintf("PKIStatus: invalid=%d", int(s.Status))
	if s.Status >= 0 && int(s.Status) < len(names) {
		out = "PKIStatus: " + names[s.Status]
	}
	switch {
	case s.Failure != 0:
		out += "; PKIFailureInfo: " + s.Failure.String()
	case !s.Granted():
		out += "; <no failure info>"
	}
	if len(s.Text) > 0 {
		plural := ""
		if len(s.Text) > 1 {
			plural = "s"
		}
		out += "; StatusString" + plural + ": \"" + strings.Join(s.Text, "\", \"") + "\""
	}
	return out
}
