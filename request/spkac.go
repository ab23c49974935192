package request

import (
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/spkac"
)

func parseSPKACFile(text []byte) ([]*Request, error) {
	f, err := spkac.ParseFile(text)
	if err != nil {
		return nil, damaged(err, "reading a signed public key and challenge: ")
	}
	r, err := FromSPKAC(f)
	if err != nil {
		return nil, err
	}
	return []*Request{r}, nil
}

func parseSPKAC(raw []byte) ([]*Request, error) {
	parsed, err := spkac.Parse(raw)
	if err != nil {
		return nil, damaged(err, "reading a signed public key and challenge: ")
	}
	r, err := FromSPKAC(&spkac.File{Request: parsed})
	if err != nil {
		return nil, err
	}
	return []*Request{r}, nil
}

// FromSPKAC makes the common form of a signed public key and challenge, with
// the subject that stands around it in its file. Nothing signs that subject.
func FromSPKAC(f *spkac.File) (*Request, error) {
	subject, err := subjectOf(f.Fields)
	if err != nil {
		return nil, err
	}
	r := &Request{Format: SPKAC, Raw: f.Request.Raw, Subject: subject, PublicKey: f.Request.PublicKey, SPKAC: f.Request}
	if len(f.Fields) > 0 {
		r.Raw = f.Encode()
	}
	return r, nil
}

// subjectOf makes a name of the lines of an SPKAC file, in their order.
func subjectOf(fields []spkac.Field) (dn.Name, error) {
	var parts []dn.RDN
	for _, f := range fields {
		kind, ok := dn.TypeByName(f.Name)
		if !ok {
			return dn.Name{}, &Refusal{Reason: BadSubject, Field: "subject",
				Detail: fmt.Sprintf("line %d of the SPKAC file says %s, which is no attribute of a subject", f.Line, f.Name),
				Fix:    "write CN=, O=, OU=, L=, ST=, C= or emailAddress=, one a line"}
		}
		attribute, err := dn.NewAttribute(kind, f.Value)
		if err != nil {
			return dn.Name{}, &Refusal{Reason: BadSubject, Field: "subject",
				Detail: fmt.Sprintf("line %d of the SPKAC file: %s", f.Line, strings.TrimPrefix(err.Error(), "subject: ")), Fix: "correct the value"}
		}
		if f.Join && len(parts) > 0 {
			parts[len(parts)-1] = append(parts[len(parts)-1], attribute)
			continue
		}
		parts = append(parts, dn.RDN{attribute})
	}
	return dn.Build(parts...), nil
}
