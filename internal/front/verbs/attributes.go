package verbs

import (
	"bytes"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// parseAttributes reads the attributes of a request. Values of one type make
// one attribute (RFC 5272, Section 3.1; X.501, Section 8.2).
func parseAttributes(texts []string) ([]pkcs10.Attribute, error) {
	var out []pkcs10.Attribute
	for _, text := range texts {
		a, err := parseAttribute(text)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(out, func(other pkcs10.Attribute) bool { return other.ID == a.ID })
		switch {
		case i < 0:
			out = append(out, a)
		case a.ID == oid.ChallengePassword:
			return nil, front.Usage("leave one of the two out", "--attribute: %s has one value, and two are given", a.ID.Name())
		case slices.ContainsFunc(out[i].Values, func(other []byte) bool { return bytes.Equal(other, a.Values[0]) }):
			return nil, front.Usage("leave one of the two out", "--attribute: %s has the same value twice", a.ID.Name())
		default:
			out[i].Values = append(out[i].Values, a.Values[0])
		}
	}
	return out, nil
}

func parseAttribute(text string) (a pkcs10.Attribute, err error) {
	name, val, ok := strings.Cut(text, "=")
	id, known := parseOID(name)
	if !ok || !known {
		return a, front.Usage("write 1.2.840.113549.1.9.2=text or 1.2.3.4=hex:0500", "--attribute: %q is not an OID, \"=\" and a value", text)
	}
	if id == oid.ExtensionRequest {
		return a, front.Usage("give each with --extension OID=hex:DER", "--attribute %s: this attribute holds the extensions", name)
	}
	digits, isHex := strings.CutPrefix(val, "hex:")
	if !isHex {
		if a, err = pkcs10.NewTextAttribute(id, val); err != nil {
			return a, front.Usage("write another text, or the DER of the value: "+name+"=hex:0500", "--attribute %s: %v", name, err)
		}
		return a, nil
	}
	raw, err := hexDER("attribute", digits)
	if err != nil {
		return a, err
	}
	if _, err := der.Parse(raw); err != nil {
		return a, front.Usage("write the DER of one whole element, such as hex:0500 for NULL", "--attribute %s: the value is not DER: %v", name, err)
	}
	return pkcs10.Attribute{ID: id, Values: [][]byte{raw}}, nil
}

// checkChallenge checks that a request of this format, empty for one that goes
// with the key, can hold the challenge password.
func checkChallenge(s task.RequestSpec, format request.Format) error {
	isChallenge := func(a pkcs10.Attribute) bool { return a.ID == oid.ChallengePassword }
	if s.Challenge == "" {
		return nil
	}
	if slices.ContainsFunc(s.Attributes, isChallenge) {
		return front.Usage("leave one of the two out", "the challenge password is given twice: by --attribute and by --challenge")
	}
	switch format {
	case request.CRMF:
	case request.SPKAC:
		if strings.IndexFunc(s.Challenge, func(c rune) bool { return c >= 0x80 }) >= 0 {
			return front.Usage("choose another one", "--challenge: it has a character outside ASCII, which an SPKAC cannot hold")
		}
	default:
		if _, err := pkcs10.NewTextAttribute(oid.ChallengePassword, s.Challenge); err != nil {
			return front.Usage("choose another one", "--challenge: %v", err)
		}
	}
	return nil
}
