package ext

import (
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// BasicConstraints (RFC 5280, Section 4.2.1.9). PathLen is -1 where absent.
type BasicConstraints struct {
	CA      bool
	PathLen int
}

// ParseBasicConstraints reads the value of basicConstraints.
func ParseBasicConstraints(value []byte) (BasicConstraints, error) {
	c := BasicConstraints{PathLen: -1}
	r, err := sequence(value, "basicConstraints")
	if err != nil {
		return c, err
	}
	if e, ok, err := r.Optional(der.Boolean); err != nil {
		return c, fmt.Errorf("basicConstraints: cA: %w", err)
	} else if ok {
		if c.CA, err = e.Bool(); err != nil {
			return c, fmt.Errorf("basicConstraints: cA: %w", err)
		}
	}
	if e, ok, err := r.Optional(der.Integer); err != nil {
		return c, fmt.Errorf("basicConstraints: pathLenConstraint: %w", err)
	} else if ok {
		if c.PathLen, err = count(e); err != nil {
			return BasicConstraints{CA: c.CA, PathLen: -1}, fmt.Errorf("basicConstraints: pathLenConstraint: %w", err)
		}
	}
	if err := r.End(); err != nil {
		return c, fmt.Errorf("basicConstraints: %w", err)
	}
	return c, nil
}

// count reads an INTEGER (0..MAX); numbers above 2^31-1 are that.
func count(e der.Element) (int, error) {
	n, err := e.BigInt()
	if err != nil {
		return 0, err
	}
	if n.Sign() < 0 {
		return 0, fmt.Errorf("%v is negative", n)
	}
	if n.BitLen() > 31 {
		return 1<<31 - 1, nil
	}
	return int(n.Int64()), nil
}

// NewBasicConstraints makes basicConstraints. The path length is written for
// a CA only, as RFC 5280, Section 4.2.1.9 wants it.
func NewBasicConstraints(c BasicConstraints, critical bool) Extension {
	b := der.NewBuilder(make([]byte, 0, 16))
	seq := b.Begin(der.Sequence)
	if c.CA {
		b.Bool(true)
		if c.PathLen >= 0 {
			b.Int(int64(c.PathLen))
		}
	}
	b.End(seq)
	return Extension{ID: oid.BasicConstraints, Critical: critical, Value: b.Bytes()}
}

// PolicyConstraints (RFC 5280, Section 4.2.1.11). A number is -1 where absent.
type PolicyConstraints struct {
	RequireExplicitPolicy int
	InhibitPolicyMapping  int
}

// ParsePolicyConstraints reads the value of policyConstraints.
func ParsePolicyConstraints(value []byte) (PolicyConstraints, error) {
	c := PolicyConstraints{-1, -1}
	r, err := sequence(value, "policyConstraints")
	if err != nil {
		return c, err
	}
	for tag, field := range []*int{&c.RequireExplicitPolicy, &c.InhibitPolicyMapping} {
		e, ok, err := r.Optional(der.Context(uint8(tag)))
		if err == nil && ok {
			*field, err = count(e)
		}
		if err != nil {
			return PolicyConstraints{-1, -1}, fmt.Errorf("policyConstraints: [%d]: %w", tag, err)
		}
	}
	if err := r.End(); err != nil {
		return c, fmt.Errorf("policyConstraints: %w", err)
	}
	return c, nil
}

// NewPolicyConstraints makes policyConstraints, critical as RFC 5280, Section
// 4.2.1.11 wants it.
func NewPolicyConstraints(c PolicyConstraints) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for tag, n := range []int{c.RequireExplicitPolicy, c.InhibitPolicyMapping} {
		if n >= 0 {
			b.IntTag(der.Context(uint8(tag)), int64(n))
		}
	}
	b.End(seq)
	return Extension{ID: oid.PolicyConstraints, Critical: true, Value: b.Bytes()}
}

// ParseInhibitAnyPolicy reads the value of inhibitAnyPolicy: the number of
// further certificates in the path that may still use anyPolicy (RFC 5280,
// Section 4.2.1.14).
func ParseInhibitAnyPolicy(value []byte) (skip int, err error) {
	e, err := der.ParseTag(value, der.Integer)
	if err == nil {
		skip, err = count(e)
	}
	if err != nil {
		return 0, fmt.Errorf("inhibitAnyPolicy: %w", err)
	}
	return skip, nil
}

// NewInhibitAnyPolicy makes inhibitAnyPolicy, critical as RFC 5280, Section
// 4.2.1.14 wants it.
func NewInhibitAnyPolicy(skip int) Extension {
	b := der.NewBuilder(nil)
	b.Int(int64(skip))
	return Extension{ID: oid.InhibitAnyPolicy, Critical: true, Value: b.Bytes()}
}

// parseInteger reads a value that is one INTEGER.
func parseInteger(value []byte, what string) (*big.Int, error) {
	e, err := der.ParseTag(value, der.Integer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	n, err := e.BigInt()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return n, nil
}
