package acme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// members are the names of the members that messages to a server have.
var members = [...]string{
	"protected", "payload", "signature", "header", "signatures",
	"alg", "nonce", "url", "kid", "jwk", "crit", "b64",
	"contact", "termsOfServiceAgreed", "onlyReturnExisting", "externalAccountBinding", "status",
	"identifiers", "identifier", "type", "value", "notBefore", "notAfter", "profile", "replaces",
	"csr", "certificate", "reason", "account", "oldKey",
}

// Unmarshal reads what a client has sent: one JSON value with nothing behind
// it, whose members are spelled as the standards spell them, in case too
// (RFC 8259, Section 8.3).
func Unmarshal(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return err
	}
	return spelled(json.NewDecoder(bytes.NewReader(data)))
}

// spelled looks at the name of each member of each object.
func spelled(d *json.Decoder) error {
	var objects []bool // whether each value that is open is an object
	name := false      // the next token is the name of a member
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := token.(string); ok && name {
			if right := otherCase(text); right != "" {
				return fmt.Errorf("the member %q is to be spelled %q", text, right)
			}
			name = false
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			objects = append(objects, token == json.Delim('{'))
		case json.Delim('}'), json.Delim(']'):
			objects = objects[:len(objects)-1]
		}
		name = len(objects) > 0 && objects[len(objects)-1]
	}
}

// otherCase is the right spelling of a name that differs from it in case alone.
func otherCase(name string) string {
	for _, right := range members {
		if name != right && strings.EqualFold(name, right) {
			return right
		}
	}
	return ""
}
