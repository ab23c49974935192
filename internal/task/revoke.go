package task

import (
	"context"
	"fmt"
	"slices"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// Prove signs a message with a holder's key, in the algorithm that keys of its
// kind sign with.
func Prove(k *key.Private, message []byte) ([]byte, error) {
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return nil, err
	}
	return key.Sign(k.Signer, alg, message)
}

// FindByName returns the certificates of a status that have a subject
// alternative name like the pattern, or in whose subject it stands.
func FindByName(ctx context.Context, o *Office, ca, pattern string, status authority.Status) ([]*authority.Certificate, error) {
	now := o.Now()
	found, err := Find(ctx, o, authority.Query{CA: ca, Name: pattern, Status: status, ExpiresAfter: now})
	if err != nil {
		return nil, err
	}
	more, err := Find(ctx, o, authority.Query{CA: ca, Subject: pattern, Status: status, ExpiresAfter: now})
	if err != nil {
		return nil, err
	}
	for _, c := range more {
		same := func(f *authority.Certificate) bool { return f.CA == c.CA && slices.Equal(f.Serial, c.Serial) }
		if !slices.ContainsFunc(found, same) {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: fmt.Sprintf("no certificate of the status %q is found by the name %q", status, pattern),
			Fix: "see what there is: certwright list --name NAME, or --san PATTERN"}
	}
	return found, nil
}
