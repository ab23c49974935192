package cmpsrv

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math/big"
	"slices"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// bits are the failure bits of refusals.
func bits(r request.Reason) (cmp.FailureInfo, bool) {
	b, ok := map[request.Reason]cmp.FailureInfo{
		request.BadFormat:          cmp.BadDataFormat,
		request.BadPossession:      cmp.BadPOP,
		request.BadAlgorithm:       cmp.BadAlg,
		request.BadKey:             cmp.BadCertTemplate,
		request.BadSubject:         cmp.BadCertTemplate,
		request.BadName:            cmp.BadCertTemplate,
		request.BadExtension:       cmp.UnacceptedExtension,
		request.BadValidity:        cmp.BadCertTemplate,
		request.BadEvidence:        cmp.NotAuthorized,
		request.PolicyRefused:      cmp.UnacceptedPolicy,
		request.LintFailed:         cmp.BadCertTemplate,
		request.IssuerRefused:      cmp.UnacceptedPolicy,
		request.UnknownProfile:     cmp.BadRequest,
		request.UnknownIssuer:      cmp.WrongAuthority,
		request.UnknownRequest:     cmp.BadRequest,
		request.UnknownCertificate: cmp.BadCertID,
		request.AlreadyRevoked:     cmp.CertRevoked,
		request.NotRevoked:         cmp.BadCertID,
		request.Duplicate:          cmp.DuplicateCertReq,
		request.WrongState:         cmp.BadRequest,
		request.NotAuthorized:      cmp.NotAuthorized,
		request.RefusedByOfficer:   cmp.NotAuthorized,
		request.Withdrawn:          cmp.BadRequest,
	}[r]
	return b, ok
}

// rejection is the status of a refusal.
func rejection(r *request.Refusal) cmp.StatusInfo {
	info, _ := bits(r.Reason)
	text := []string{r.Detail}
	if r.Fix != "" {
		text = append(text, r.Fix)
	}
	return cmp.Reject(info, text...)
}

// statusOf is the status of an error that is about the message; false for
// errors of ours.
func statusOf(err error) (cmp.StatusInfo, bool) {
	var found *cmp.Failure
	if errors.As(err, &found) {
		return cmp.Reject(found.Info, found.Text), true
	}
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return rejection(refusal), true
	}
	return cmp.StatusInfo{}, false
}

// failed is the body that tells an error. One of ours is logged whole and told
// as a reference alone.
func (s *Server) failed(ctx context.Context, c *call, err error) cmp.Body {
	status, ok := statusOf(err)
	if !ok {
		reference := rand.Text()[:12]
		s.config.Log.ErrorContext(ctx, "cmp message failed", "reference", reference, "body", c.message.Body.Kind.String(), "address", c.address, "error", err)
		status = ours(err, reference)
	}
	if c.transaction != nil && c.transaction.record == nil {
		c.transaction = nil // nothing was begun
	}
	if body, fits := rejected(c.message.Body, status); ok && c.told && fits {
		return body
	}
	return cmp.NewError(cmp.ErrorContent{Status: status})
}

// ours is the status of an error of ours, by the reference that the log has.
func ours(err error, reference string) cmp.StatusInfo {
	switch {
	case errors.Is(err, authority.ErrAway) && !errors.Is(err, authority.ErrUncertain):
		return cmp.Reject(cmp.SystemUnavail, "the server cannot reach its records now; send the message again in a while")
	case errors.Is(err, authority.ErrNoKey):
		return cmp.Reject(cmp.SystemUnavail, "this server lacks a key, which its log names and another server may have; tell its operator, and send the message again later")
	case errors.Is(err, authority.ErrFull):
		return cmp.Reject(cmp.SystemUnavail, "the server has no room left for its records; tell its operator, and send the message again later")
	}
	return cmp.Reject(cmp.SystemFailure, "something went wrong here, not with the message; tell the operator the reference "+reference)
}

// rejected is the response that a request has where all that it asks for is
// rejected (RFC 9483, Section 3.6); false where the message is none, or cannot be
// read.
func rejected(b cmp.Body, status cmp.StatusInfo) (cmp.Body, bool) {
	switch b.Kind {
	case cmp.PKCS10Request:
		return cmp.NewReply(b.Kind.Response(), cmp.Reply{Responses: []cmp.Response{{ID: big.NewInt(-1), Status: status}}}), true
	case cmp.InitializationRequest, cmp.CertificationRequest, cmp.KeyUpdateRequest:
		messages, err := b.Requests()
		if err != nil || len(messages.List) == 0 {
			return cmp.Body{}, false
		}
		var all []cmp.Response
		for _, m := range messages.List {
			all = append(all, cmp.Response{ID: m.Request.ID, Status: status})
		}
		return cmp.NewReply(b.Kind.Response(), cmp.Reply{Responses: all}), true
	case cmp.RevocationRequest:
		list, err := b.Revocations()
		if err != nil || len(list) == 0 {
			return cmp.Body{}, false
		}
		return cmp.NewRevocationReply(cmp.RevocationReply{Statuses: slices.Repeat([]cmp.StatusInfo{status}, len(list))}), true
	}
	return cmp.Body{}, false
}

// words are what an officer last said of a ticket.
func words(t *authority.Ticket) []string {
	for i := len(t.Messages) - 1; i >= 0; i-- {
		if m := t.Messages[i]; m.Kind == "ask" || m.Kind == "note" {
			return []string{m.Text}
		}
	}
	return []string{"the request waits for an officer"}
}

// changesOf tells what of a request is not in the certificate as it was asked
// for.
func changesOf(t *authority.Ticket) []string {
	var changes []issuance.Change
	if json.Unmarshal(t.Changes, &changes) != nil {
		return nil
	}
	var all []string
	for _, c := range changes {
		if c.Requested != "" {
			all = append(all, c.Field+" was "+c.Action+": "+c.Why)
		}
	}
	return all
}
