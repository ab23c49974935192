package acmeorder

import (
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// RefusalProblem is the problem that a refusal is reported as.
func RefusalProblem(r *request.Refusal) *acme.Problem {
	if r == nil {
		return acme.NewProblem(acme.ServerInternal, "the request was refused")
	}
	detail := r.Detail
	if r.Fix != "" {
		detail += "; " + r.Fix
	}
	return acme.NewProblem(problemType(r.Reason), detail)
}

// problemType is the error type for each reason of a refusal.
func problemType(r request.Reason) acme.ProblemType {
	switch r {
	case request.BadAlgorithm, request.BadKey, request.BadFormat, request.BadPossession, request.BadSubject, request.BadExtension, request.BadValidity, request.LintFailed:
		return acme.BadCSR
	case request.BadName:
		return acme.RejectedIdentifier
	case request.UnknownProfile:
		return acme.InvalidProfile
	case request.AlreadyRevoked:
		return acme.AlreadyRevoked
	case request.UnknownCertificate, request.UnknownRequest, request.NotRevoked:
		return acme.Malformed
	case request.Duplicate, request.WrongState:
		return acme.OrderNotReady
	case request.UnknownIssuer:
		return acme.ServerInternal
	case request.BadEvidence, request.PolicyRefused, request.IssuerRefused, request.NotAuthorized, request.RefusedByOfficer, request.Withdrawn:
		return acme.Unauthorized
	}
	return ""
}
