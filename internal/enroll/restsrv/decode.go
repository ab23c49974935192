package restsrv

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// submitted is the body of a submission: JSON, or a request as it is.
type submitted struct {
	ContentType    string `header:"Content-Type" doc:"application/json, or for a request as it is application/pkcs10, application/x-pem-file, text/plain or application/octet-stream"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes it harmless to send this twice"`
	Profile        string `query:"profile" doc:"where the body is a request as it is: the profile"`
	CA             string `query:"ca" doc:"where the body is a request as it is: the authority"`
	RawBody        []byte
}

// read returns the submission.
func (in *submitted) read() (*client.Submission, error) {
	kind, _, _ := strings.Cut(in.ContentType, ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
	case "application/json", "":
		if kind == "" && in.ContentType != "" {
			break
		}
		var out client.Submission
		return &out, readJSON(in.RawBody, &out)
	case "application/pkcs10", "application/x-pem-file", "application/pem-certificate-request", "text/plain", "application/octet-stream":
		return &client.Submission{Request: string(in.RawBody), Profile: in.Profile, CA: in.CA}, nil
	}
	return nil, failed(415, client.CodeUsage, fmt.Sprintf("the content type %q is not known", short(kind)), "send application/json, or a request as application/pkcs10 or text/plain")
}

// readJSON reads a body as strictly as the description says.
func readJSON(body []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(out)
	if err == nil && !d.More() {
		return spelled(body, reflect.TypeOf(out).Elem())
	}
	var kind *json.UnmarshalTypeError
	var given map[string]json.RawMessage
	if errors.As(err, &kind) && kind.Field != "" {
		return mistake(kind.Field, "see /openapi.json for what is expected", "the value of %q is of another kind than expected", kind.Field)
	}
	if json.Unmarshal(body, &given) != nil {
		return usage("send one JSON object", "the body is no JSON object")
	}
	known := fieldsOf(reflect.TypeOf(out).Elem())
	for _, field := range sorted(given) {
		if slices.Contains(known, field) {
			continue
		}
		fix := "known are " + strings.Join(known, ", ")
		if near := spelling.Nearest(field, known); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		return mistake(short(field), fix, "the field %q is not known", short(field))
	}
	if field := noTime(given, reflect.TypeOf(out).Elem()); field != "" {
		return notATime(field)
	}
	return usage("see /openapi.json for what is expected", "the body is not what is expected")
}

// noTime finds the field of a type whose value is to be a time, and is none.
func noTime(given map[string]json.RawMessage, t reflect.Type) string {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if of := reflect.TypeFor[time.Time](); given[name] != nil && (f.Type == of || f.Type == reflect.PointerTo(of)) && json.Unmarshal(given[name], new(time.Time)) != nil {
			return name
		}
	}
	return ""
}

// notATime refuses the value of a field.
func notATime(field string) *failure {
	return mistake(field, "write it in RFC 3339, such as 2027-01-31T10:00:00Z or 2027-01-31T10:00:00+01:00", "the value of %q is not a time", field)
}

func sorted(given map[string]json.RawMessage) []string {
	var out []string
	for field := range given {
		out = append(out, field)
	}
	slices.Sort(out)
	return out
}

func fieldsOf(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// submission is what a sender asks for, within what they may.
func (x *sender) submission(b *client.Submission, idempotencyKey string) (authority.Submission, error) {
	s := authority.Submission{Origin: x.origin(), IdempotencyKey: x.key(idempotencyKey)}
	var err error
	if s.Profile, s.CA, err = x.Scope(b.Profile, b.CA); err != nil {
		return s, err
	}
	if s.Request, err = oneRequest(b.Request); err != nil {
		return s, err
	}
	s.Asked, err = x.asked(b.NotBefore, b.NotAfter, issuance.Period{Months: b.Months, Rest: time.Duration(b.Validity)}, b.Subject, b.SANs)
	return s, err
}

// key is an idempotency key within those of its sender.
func (x *sender) key(given string) string {
	if given == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(x.Name + "\x00" + given))
	return "rest:" + hex.EncodeToString(sum[:16])
}

func oneRequest(text string) (*request.Request, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &request.Refusal{Reason: request.BadFormat, Field: "request", Detail: "there is no request", Fix: "put it into the field \"request\", in PEM"}
	}
	all, err := request.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, &request.Refusal{Reason: request.BadFormat, Field: "request", Detail: fmt.Sprintf("these are %d requests", len(all)), Fix: "send them one at a time"}
	}
	return all[0], nil
}

// asked is what is said beside a request; the rest of validity is in seconds.
// Subject and names are for officers to say.
func (x *sender) asked(notBefore, notAfter *time.Time, validity issuance.Period, subject *string, names []string) (issuance.Asked, error) {
	var a issuance.Asked
	if notBefore != nil {
		a.NotBefore = notBefore.UTC()
	}
	if notAfter != nil {
		a.NotAfter = notAfter.UTC()
	}
	if notAfter != nil && (validity.Rest != 0 || validity.Months != 0) {
		return a, usage("say how long it is to be valid in one way", "notAfter and a length of validity exclude each other")
	}
	if validity.Months < 0 || validity.Months > 100*12 {
		return a, &request.Refusal{Reason: request.BadValidity, Field: "validityMonths", Detail: "the validity is negative, or longer than a hundred years", Fix: "ask for less, or leave it out"}
	}
	if validity.Rest < 0 || validity.Rest > 100*365*24*3600 {
		return a, &request.Refusal{Reason: request.BadValidity, Field: "validitySeconds", Detail: "the validity is negative, or longer than a hundred years", Fix: "ask for less, or leave it out"}
	}
	a = a.For(validity)
	a.Validity *= time.Second
	if (subject != nil || names != nil) && !x.Has(access.Officer) {
		return a, &request.Refusal{Reason: request.NotAuthorized, Field: "subject", Detail: "only an officer may put another subject or other names in place of the request's", Fix: "make a request with the subject and names that you want"}
	}
	if subject != nil {
		parsed, err := dn.ParseText(*subject)
		if err != nil {
			return a, &request.Refusal{Reason: request.BadSubject, Field: "subject", Detail: "the subject cannot be read: " + err.Error(), Fix: "write it like \"CN=www.example.com,O=Example\""}
		}
		a.Subject = &parsed
	}
	if names != nil {
		a.Names = []ext.GeneralName{}
	}
	for _, name := range names {
		parsed, err := ext.ParseGeneralName(name)
		if err != nil {
			return a, &request.Refusal{Reason: request.BadName, Field: "sans", Detail: err.Error(), Fix: "write dns:www.example.com, ip:192.0.2.1, email:a@example.com or uri:https://…"}
		}
		a.Names = append(a.Names, parsed)
	}
	return a, nil
}

// hexadecimal reads a serial number or fingerprint, with colons or without.
func hexadecimal(field, text string) ([]byte, error) {
	digits := strings.ReplaceAll(text, ":", "")
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	out, err := hex.DecodeString(digits)
	if err != nil || len(out) > 64 {
		return nil, usage("write it in hexadecimal digits", "%s: %q is not a number in hexadecimal digits", field, short(text))
	}
	return out, nil
}

// cursor is where a page of a list ended, as clients keep it for us.
func cursor(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
}

func readCursor(text string, parts int) ([]string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if out := strings.Split(string(raw), "\n"); err == nil && len(out) == parts {
		return out, nil
	}
	return nil, badCursor()
}

func badCursor() error {
	return usage("take the cursor from \"next\" of the page before, or begin anew", "the cursor is not known, or what it stood at was removed meanwhile")
}
