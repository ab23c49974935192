package chain

import (
	"strings"

	"github.com/certwright/certwright/format/key"
)

// Item is a key, request or certificate to be matched with others.
type Item struct {
	Name   string      `json:"name"` // what people call it: a file name
	Kind   string      `json:"kind"` // "private key", "request", "certificate"
	Public *key.Public `json:"-"`
}

// Group is a set of items of the same key.
type Group struct {
	Key         string `json:"key"`         // "EC P-256"
	Fingerprint string `json:"fingerprint"` // SHA-256 of the SubjectPublicKeyInfo of the first, hexadecimal
	Items       []Item `json:"items"`
}

// Match sorts items by their key, in the order they were given.
func Match(items ...Item) []Group {
	var groups []Group
next:
	for _, item := range items {
		for i := range groups {
			if key.SameKey(groups[i].Items[0].Public, item.Public) {
				groups[i].Items = append(groups[i].Items, item)
				continue next
			}
		}
		groups = append(groups, Group{item.Public.String(), fingerprint(item.Public), []Item{item}})
	}
	return groups
}

func fingerprint(p *key.Public) string {
	sum := p.Fingerprint()
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range sum {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// Describe says in plain words what belongs together: one sentence a group.
func Describe(groups []Group) []string {
	var lines []string
	for _, g := range groups {
		of := " (" + g.Key + ", " + g.Fingerprint[:16] + "…)"
		var names []string
		for _, item := range g.Items {
			names = append(names, item.Kind+" "+item.Name)
		}
		switch {
		case len(names) > 1:
			last := len(names) - 1
			lines = append(lines, strings.Join(names[:last], ", ")+" and "+names[last]+" belong together: they are of the same key"+of)
		case len(groups) == 1:
			lines = append(lines, "there is only "+names[0]+" to match"+of)
		default:
			lines = append(lines, names[0]+" matches nothing else: it is of another key"+of)
		}
	}
	return lines
}
