package request

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
)

// Parse reads every request in data: PEM with any label, DER or bare base64.
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
	blocks, err := pem.Find(data)
	if err != nil && Recognize(data) == PKCS10Request {
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
		if kind == Unknown {
			kind = kindOfLabel(b.Label)
		}
		if kind != PKCS10Request {
			skipped = append(skipped, Skipped{Line: b.Line, Kind: kind})
			continue
		}
		r, err := parseOne(b.Bytes)
		if err != nil {
			return nil, nil, at(err, b.Line, len(blocks))
		}
		requests = append(requests, r)
	}
	if len(requests) == 0 {
		return nil, skipped, nothing(skipped)
	}
	return requests, skipped, nil
}

func parseOne(raw []byte) (*Request, error) {
	p, err := pkcs10.Parse(raw)
	if err != nil {
		return nil, &Refusal{
			Reason: BadFormat,
			Detail: "the request is damaged: " + strings.TrimPrefix(err.Error(), "reading a certification request: "),
			Fix:    "copy the whole file again, or make the request again",
		}
	}
	return FromPKCS10(p)
}

// at says which of several objects an error is about.
func at(err error, line, blocks int) error {
	refusal, ok := err.(*Refusal)
	if !ok || blocks < 2 {
		return err
	}
	there := *refusal
	there.Detail = fmt.Sprintf("in the request that starts at line %d, %s", line, refusal.Detail)
	return &there
}

// unreadable refuses data in which no whole object was found.
func unreadable(data []byte, err error) error {
	if strings.HasPrefix(strings.TrimSpace(string(data[:min(len(data), 64)])), "SPKAC=") {
		return SPKACRequest.refusal()
	}
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
