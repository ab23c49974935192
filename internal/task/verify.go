package task

import (
	"errors"
	"time"

	"github.com/certwright/certwright/format/cert"
)

// VerifyIssued verifies a certificate just issued, by its chain.
func VerifyIssued(der []byte, chain [][]byte, now time.Time) error {
	c, err := cert.Parse(der)
	if err != nil {
		return err
	}
	for _, up := range chain {
		issuer, err := cert.Parse(up)
		if err != nil {
			return err
		}
		if err := c.CheckSignature(issuer.PublicKey); err != nil {
			return err
		}
		c = issuer
	}
	if now.After(c.NotAfter) {
		return errors.New("the root has expired")
	}
	return nil
}
