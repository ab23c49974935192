package sqlstore

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/certwright/certwright/authority"
)

// partBits is how many low bits of an id do not tell its part: each part of
// the lookup table holds 16,384 issues, of two rows each.
const partBits = 15

func partOf(id int64) int64 { return id >> partBits }

// prefix is the number that stands for a SHA-256 in the lookup table.
func prefix(sum []byte) int64 {
	var head [8]byte
	copy(head[:], sum)
	return int64(binary.BigEndian.Uint64(head[:]))
}

// nameHash is the number that stands for a name, whether it is written with
// its kind or without.
func nameHash(name string) int64 { return textHash(authority.WithoutKind(name)) }

func textHash(text string) int64 {
	sum := sha256.Sum256([]byte(strings.ToLower(text)))
	return prefix(sum[:])
}

// certificateHashes are what a certificate is found by.
func certificateHashes(fingerprint, key []byte, names []string) []int64 {
	hashes := append(make([]int64, 0, 2+len(names)), prefix(fingerprint), prefix(key))
	for _, name := range names {
		hashes = append(hashes, nameHash(name))
	}
	return hashes
}

// found is a term for the rows with one of these hashes, in whatever part.
func (a *arguments) found(column string, hashes ...int64) string {
	marks := make([]string, len(hashes))
	for i, hash := range hashes {
		marks[i] = a.add(hash)
	}
	return column + " IN (WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < (SELECT row_seq / 32768 FROM head))" +
		" SELECT l.id FROM parts CROSS JOIN lookup l WHERE l.part = parts.part AND l.hash IN (" + strings.Join(marks, ", ") + "))"
}
