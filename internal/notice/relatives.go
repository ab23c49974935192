package notice

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/certwright/certwright/authority"
)

// Relatives looks for the valid certificate that has taken the place of one, and
// whether that one took the place of another: those that say so, whichever
// authority they are of, and those of the same authority, subject and names.
func Relatives(ctx context.Context, all Certificates, c *authority.Certificate) (renewed, habit bool, err error) {
	habit = len(c.Replaces) > 0
	q := authority.Query{Subject: c.Subject, ExpiresAfter: c.NotBefore}
	if len(c.Names) > 0 {
		q.Subject, q.Name = "", c.Names[0]
	}
	for other, err := range all.Certificates(ctx, q) {
		if err != nil {
			return false, false, fmt.Errorf("looking for the successor of a certificate: %w", err)
		}
		valid := other.Status == authority.StatusValid
		if valid && bytes.Equal(other.Replaces, c.Serial) {
			if meant, err := renews(ctx, all, other, c); meant || err != nil {
				return meant, habit, err
			}
		}
		same := other.CA == c.CA && other.Profile == c.Profile && other.Subject == c.Subject && sameNames(other.Names, c.Names)
		switch {
		case !same || bytes.Equal(other.Serial, c.Serial):
		case valid && other.NotAfter.After(c.NotAfter):
			return true, habit, nil
		case other.NotAfter.Before(c.NotAfter):
			habit = true
		}
	}
	return false, habit, nil
}

// renews reports whether a certificate that replaces one of this serial number
// means this one. Of another authority it may mean one of its own.
func renews(ctx context.Context, all Certificates, other, c *authority.Certificate) (bool, error) {
	if other.CA == c.CA {
		return !bytes.Equal(other.Serial, c.Serial), nil
	}
	for _, err := range all.Certificates(ctx, authority.Query{CA: other.CA, Serial: c.Serial}) {
		if err != nil {
			return false, fmt.Errorf("looking for the certificate that was renewed: %w", err)
		}
		return false, nil
	}
	return true, nil
}

func sameNames(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
