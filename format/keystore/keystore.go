// Package keystore reads and writes the files that carry a private key with
// its certificates, or trusted certificates alone: PKCS #12 (RFC 7292) and the
// JKS of Java.
package keystore

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
)

// ErrPassphrase is returned where the password is wrong or the file damaged,
// which look the same.
var ErrPassphrase = key.ErrPassphrase

// Contents is what a keystore holds.
type Contents struct {
	Entries      []Entry
	Certificates []Certificate // those that belong to no Entry
	CRLs         [][]byte
}

// Entry is a private key with its certificates.
type Entry struct {
	Alias       string
	Key         *key.Private
	Certificate []byte    // nil where the file has none for the key
	Chain       [][]byte  // of the issuers, nearest first
	Created     time.Time // JKS only
}

// Certificate is a certificate that stands alone.
type Certificate struct {
	Alias   string
	Raw     []byte
	Trusted bool      // marked as a trust anchor, as Java wants it
	Created time.Time // JKS only
}

// checkPair returns an error unless the certificate is of this key.
func checkPair(k *key.Private, certificate []byte) error {
	c, err := cert.Parse(certificate)
	if err != nil {
		return fmt.Errorf("reading the certificate to write beside the key: %w", err)
	}
	if !key.SameKey(c.PublicKey, k.Public) {
		return errors.New("the certificate does not belong to the private key; give the certificate that was issued for this key")
	}
	return nil
}

// arrange gives each key its certificate and chain, and returns the
// certificates that are left over. named tells which certificate a key says is
// its own; -1 where it does not say.
func arrange(entries []Entry, named []int, all []Certificate) []Certificate {
	parsed := make([]*cert.Certificate, len(all))
	for i := range all {
		// One that cannot be read is kept, and belongs to nothing.
		parsed[i], _ = cert.Parse(all[i].Raw)
	}
	used := make([]bool, len(all))
	for i := range entries {
		own := named[i]
		if own < 0 || parsed[own] == nil || !key.SameKey(parsed[own].PublicKey, entries[i].Key.Public) {
			own = certificateOf(entries[i].Key, parsed)
		}
		if own < 0 {
			continue
		}
		entries[i].Certificate, used[own] = all[own].Raw, true
		if entries[i].Alias == "" {
			entries[i].Alias = all[own].Alias
		}
		for _, at := range chainOf(own, parsed) {
			entries[i].Chain, used[at] = append(entries[i].Chain, all[at].Raw), true
		}
	}
	var left []Certificate
	for i, c := range all {
		if !used[i] {
			left = append(left, c)
		}
	}
	return left
}

func certificateOf(k *key.Private, parsed []*cert.Certificate) int {
	for i, c := range parsed {
		if c != nil && key.SameKey(c.PublicKey, k.Public) {
			return i
		}
	}
	return -1
}

// What following a chain may cost, since a file can hold any number of
// certificates of the same name.
const (
	maxChain      = 20
	maxSignatures = 200
)

// chainOf follows the issuers of a certificate by name and signature, each
// once.
func chainOf(leaf int, parsed []*cert.Certificate) []int {
	var chain []int
	seen := map[string]bool{string(parsed[leaf].Raw): true}
	checks := 0
	for at := leaf; len(chain) < maxChain; {
		next := -1
		for i, c := range parsed {
			if c == nil || seen[string(c.Raw)] || !c.Subject.Equal(parsed[at].Issuer) {
				continue
			}
			if checks++; checks > maxSignatures {
				return chain
			}
			if parsed[at].CheckSignature(c.PublicKey) == nil {
				next = i
				break
			}
		}
		if next < 0 {
			return chain
		}
		chain, at = append(chain, next), next
		seen[string(parsed[next].Raw)] = true
	}
	return chain
}
