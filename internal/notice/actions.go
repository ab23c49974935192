package notice

import (
	"slices"
	"strings"
)

// Actions are those that the audit chain has entries of.
func Actions() []string {
	return []string{
		"request.submitted", "request.issued", "request.held", "request.unconfirmed", "request.refused", "request.asked", "request.answered", "request.approved",
		"request.approval-refused", "request.refused-by-officer", "request.confirmed", "request.withdrawn",
		"certificate.signed", "certificate.imported", "certificate.revoked", "certificate.held", "certificate.released",
		"revocation.refused", "crl.published",
		"ca.requested", "ca.installed", "ca.imported", "ca.changed", "ca.certified", "index.imported", "key.used", "records.tidied",
		"token.created", "token.revoked", "secret.created", "secret.used", "secret.returned", "secret.revoked",
		"acme.eab-made", "acme.eab-revoked", "acme.account-deactivated",
	}
}

// Known reports whether a target's action is one of the audit chain's, or ends
// with * and stands for some of them.
func Known(action string) bool {
	prefix, all := strings.CutSuffix(action, "*")
	return slices.ContainsFunc(Actions(), func(a string) bool { return a == action || all && strings.HasPrefix(a, prefix) })
}
