package request

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/format/spkac"
)

// Parse reads every request in data: PKCS#10, CRMF and SPKAC in PEM with any
// label, in DER or in bare base64, the file of lines of an SPKAC, and what a CMP
// message asks for, whose protection is not looked at. A batch of CRMF becomes
// several requests.
// Other objects beside a request are passed over (Read tells which). Data with
// no request in them are a *Refusal (BadFormat) that says what they are.
func Parse(data []byte) ([]*Request, error) {
	requests, _, err := Read(data)
	return requests, err
}

// Skipped is an object beside the requests that is none.
type Skipped struct {
	Line int // where it starts, from 1
	Kind Kind
}

// Read is Parse, and returns the objects that were passed over.
func Read(data []byte) ([]*Request, []Skipped, error) {
	switch {
	case !spkac.HasLine(data):
	case !spkac.IsFile(data):
		return nil, nil, &Refusal{Reason: BadFormat, Detail: "an SPKAC stands beside PEM in one file, where nobody can tell which lines belong to it",
			Fix: "give the SPKAC in a file of its own"}
	default:
		requests, err := parseSPKACFile(data)
		return requests, nil, err
	}
	blocks, err := pem.Find(data)
	if err != nil && Recognize(data).request() {
		// DER with something after it, which the request reports.
		blocks, err = []pem.Block{{Bytes: data, Line: 1}}, nil
	}
	if err != nil {
		return nil, nil, unreadable(data, err)
	}
	var requests []*Request
	var skipped []Skipped
	for _, b := range blocks {
		kind := Recognize(b.Bytes)
		if inner, its := messageBody(kind, b.Bytes); inner != nil {
			b.Bytes, kind = inner, its
		}
		if kind == Unknown {
			kind = kindOfLabel(b.Label)
		}
		if !kind.request() {
			skipped = append(skipped, Skipped{Line: b.Line, Kind: kind})
			continue
		}
		read, err := parseOne(kind, b.Bytes)
		if err != nil {
			return nil, nil, at(err, fmt.Sprintf("the request that starts at line %d", b.Line), len(blocks))
		}
		requests = append(requests, read...)
	}
	if len(requests) == 0 {
		return nil, skipped, nothing(skipped)
	}
	return requests, skipped, nil
}

func parseOne(kind Kind, raw []byte) ([]*Request, error) {
	switch kind {
	case CRMFRequest:
		return parseCRMF(raw)
	case SPKACRequest:
		return parseSPKAC(raw)
	}
	p, err := pkcs10.Parse(raw)
	if err != nil {
		return nil, damaged(err, "reading a certification request: ")
	}
	r, err := FromPKCS10(p)
	if err != nil {
		return nil, err
	}
	return []*Request{r}, nil
}

// at says which of several objects an error is about.
func at(err error, where string, of int) error {
	refusal, ok := err.(*Refusal)
	if !ok || of < 2 {
		return err
	}
	there := *refusal
	there.Detail = fmt.Sprintf("in %s, %s", where, refusal.Detail)
	return &there
}

// unreadable refuses data in which no whole object was found.
func unreadable(data []byte, err error) error {
	if errors.Is(err, pem.ErrNothing) {
		return &Refusal{
			Reason: BadFormat,
			Detail: "there is no certification request in this: it looks like " + pem.Describe(data),
			Fix:    "give the file that holds the request: it starts with -----BEGIN CERTIFICATE REQUEST-----",
		}
	}
	return &Refusal{
		Reason: BadFormat,
		Detail: "the text is damaged: " + err.Error(),
		Fix:    "copy the whole file again, from the first dash of BEGIN to the last dash of END",
	}
}

// nothing refuses data that hold objects, but no request.
func nothing(skipped []Skipped) error {
	kind := Unknown
	for _, s := range skipped {
		if kind == Unknown || s.Kind.private() {
			kind = s.Kind
		}
	}
	return kind.refusal()
}
