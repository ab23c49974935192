package inspect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// head is what objects of all kinds have in JSON.
type head struct {
	Kind     Kind   `json:"kind"`
	Title    string `json:"title"`
	Encoding string `json:"encoding"`
	Label    string `json:"label,omitempty"`
	Line     int    `json:"line"`
	Size     int    `json:"size"`   // octets of the decoded object
	SHA256   string `json:"sha256"` // of the decoded object
	Notes    []Note `json:"notes"`
}

// MarshalJSON writes what all objects have, and then what this kind has, in
// one JSON object.
func (o Object) MarshalJSON() ([]byte, error) {
	sum := sha256.Sum256(o.Raw)
	h := head{o.Kind, o.Title, o.Encoding, o.Label, o.Line, len(o.Raw), hex.EncodeToString(sum[:]), append([]Note{}, o.Notes...)}
	first, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("writing an object as JSON: %w", err)
	}
	if o.Detail == nil {
		return first, nil
	}
	rest, err := json.Marshal(o.Detail)
	if err != nil {
		return nil, fmt.Errorf("writing an object as JSON: %w", err)
	}
	if bytes.Equal(rest, []byte("{}")) {
		return first, nil
	}
	return append(append(first[:len(first)-1], ','), rest[1:]...), nil
}

// MarshalJSON writes the report as docs/json.md describes it.
func (r *Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Objects []Object `json:"objects"`
		Notes   []Note   `json:"notes"`
	}{append([]Object{}, r.Objects...), append([]Note{}, r.Notes...)})
}

func itoa(n int) string { return strconv.Itoa(n) }
