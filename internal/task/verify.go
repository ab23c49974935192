package task

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
)

// VerifyIssued verifies a certificate just issued by its issuers, the last of
// which is trusted.
func VerifyIssued(der []byte, issuers [][]byte, now time.Time) error {
	leaf, err := cert.Parse(der)
	if err != nil {
		return fmt.Errorf("reading the certificate just signed: %w", err)
	}
	var above []*cert.Certificate
	for _, one := range issuers {
		c, err := cert.Parse(one)
		if err != nil {
			return fmt.Errorf("reading the chain: %w", err)
		}
		above = append(above, c)
	}
	if len(above) == 0 {
		return errors.New("the certificate has no issuer")
	}
	last := len(above) - 1
	result := chain.Verify(leaf, above[:last], above[last:], chain.Options{Now: now})
	if problems := result.Problems(); len(problems) > 0 {
		return errors.New(problems[0].Detail)
	}
	return nil
}
