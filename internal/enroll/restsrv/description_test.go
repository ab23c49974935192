package restsrv

import (
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
)

// described is the served document, as far as answers are held against it.
type described struct {
	Paths      map[string]map[string]describedOperation
	Components struct{ Schemas map[string]map[string]any }
}

type describedOperation struct {
	OperationID string
	RequestBody struct{ Content map[string]describedBody }
	Responses   map[string]struct {
		Content map[string]describedBody
		Headers map[string]any
	}
}

type describedBody struct{ Schema map[string]any }

func (w *world) described() *described {
	w.t.Helper()
	_, _, text := w.raw("GET", "/openapi.json", "", nil)
	d := &described{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// operation finds what a path is described by.
func (d *described) operation(method, path string) (string, *describedOperation) {
	parts := strings.Split(strings.Split(path, "?")[0], "/")
	best, found := "", (*describedOperation)(nil)
	for template, methods := range d.Paths {
		op, ok := methods[strings.ToLower(method)]
		names := strings.Split(template, "/")
		if !ok || len(names) != len(parts) {
			continue
		}
		fits, exact := true, strings.Count(template, "{")
		for i := range names {
			fits = fits && (names[i] == parts[i] || strings.HasPrefix(names[i], "{"))
		}
		if fits && (found == nil || exact < strings.Count(best, "{")) {
			best, found = template, &op
		}
	}
	return best, found
}

// faults holds a value against a schema, and says where it differs.
func (d *described) faults(schema map[string]any, v any, at string) (out []string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if schema == nil {
			return []string{at + ": no schema " + ref}
		}
	}
	kinds := fmt.Sprint(schema["type"])
	is := func(kind string) bool { return schema["type"] == nil || strings.Contains(kinds, kind) }
	switch v := v.(type) {
	case nil:
		if !is("null") {
			out = append(out, at+": null")
		}
	case string:
		if !is("string") {
			out = append(out, at+": a string, not "+kinds)
		}
	case float64:
		if !is("integer") && !is("number") {
			out = append(out, at+": a number, not "+kinds)
		}
	case bool:
		if !is("boolean") {
			out = append(out, at+": a boolean, not "+kinds)
		}
	case []any:
		if !is("array") {
			out = append(out, at+": an array, not "+kinds)
		}
		items, _ := schema["items"].(map[string]any)
		for i, one := range v {
			out = append(out, d.faults(items, one, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		out = d.members(schema, v, at)
	}
	return out
}

func (d *described) members(schema, v map[string]any, at string) (out []string) {
	if kind := schema["type"]; kind != nil && !strings.Contains(fmt.Sprint(kind), "object") {
		return []string{fmt.Sprintf("%s: an object, not %v", at, kind)}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, at+": no "+name.(string))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, one := range v {
		property, ok := properties[name].(map[string]any)
		if !ok && schema["additionalProperties"] == false {
			out = append(out, at+": "+name+" is not described")
		}
		out = append(out, d.faults(property, one, at+"."+name)...)
	}
	return out
}

// caller sends requests, and holds them and their answers against the
// description.
type caller struct {
	*world
	d      *described
	tokens map[string]string
	seen   map[string]bool // operation and status
}

// call expects this status, and returns the body where that is a JSON object.
func (c *caller) call(who, method, path, body string, status int, header ...string) map[string]any {
	c.t.Helper()
	template, op := c.d.operation(method, "/api/v1"+path)
	if op == nil {
		c.t.Fatalf("%s %s is not described", method, path)
	}
	kind := "application/json"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Content-Type" {
			kind = header[i+1]
		}
	}
	if body != "" {
		header = append(header, "Content-Type", kind)
		given, ok := op.RequestBody.Content[kind]
		var value any
		if kind != "application/json" {
			value = ""
		} else if err := json.Unmarshal([]byte(body), &value); err != nil {
			c.t.Fatal(err)
		}
		if faults := c.d.faults(given.Schema, value, "body"); !ok || status < 400 && len(faults) > 0 {
			c.t.Errorf("%s %s: the body is taken, and is not as described: %v", method, template, faults)
		}
	}
	got, head, text := c.raw(method, "/api/v1"+path, c.tokens[who], strings.NewReader(body), header...)
	if got != status {
		c.t.Fatalf("%s %s: %d, not %d: %s", method, path, got, status, text)
	}
	c.seen[op.OperationID+" "+fmt.Sprint(got)] = true
	answer, ok := op.Responses[fmt.Sprint(got)]
	if !ok && got >= 400 {
		answer, ok = op.Responses["default"]
	}
	if !ok {
		c.t.Fatalf("%s %s: the answer %d is not described", method, template, got)
	}
	for _, name := range []string{"Location", "Retry-After", "WWW-Authenticate", "ETag"} {
		if _, ok := answer.Headers[name]; head.Get(name) != "" && !ok {
			c.t.Errorf("%s %s, %d: the header %s is not described", method, template, got, name)
		}
	}
	given, _, _ := mime.ParseMediaType(head.Get("Content-Type"))
	schema, ok := answer.Content[given]
	if !ok && (text != "" || given != "") || text == "" && len(answer.Content) > 0 {
		c.t.Errorf("%s %s, %d: the answer is %q, %d octets, and described as %v", method, template, got, given, len(text), answer.Content)
	}
	if !strings.HasSuffix(given, "json") {
		return nil
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		c.t.Fatal(err)
	}
	if faults := c.d.faults(schema.Schema, value, "answer"); len(faults) > 0 {
		c.t.Errorf("%s %s, %d: %v", method, template, got, faults)
	}
	return value
}

func (c *caller) submit(profile string, status int) map[string]any {
	c.t.Helper()
	text, _ := json.Marshal(map[string]string{"request": csr(c.t, "a.example"), "profile": profile})
	return c.call("ann", "POST", "/requests", string(text), status)
}

// Every operation is called until every success that it is described with was
// seen; each answer has the status, the media type and the schema that the
// served document gives it.
func TestAnswersAreAsDescribed(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PerSecond, c.Burst = 1, 60 })
	c := &caller{world: w, d: w.described(), tokens: map[string]string{}, seen: map[string]bool{}}
	for name, role := range map[string]access.Role{"ann": access.Applicant, "olga": access.Officer, "root": access.Administrator, "aud": access.Auditor} {
		c.tokens[name], _ = w.tokenFor(access.Token{Name: name, Roles: []access.Role{role}, By: "tester"})
	}
	c.requests()
	c.certificates()
	c.administration()
	for n := 0; n < 100 && !c.seen["whoami 429"]; n++ { // until the limit
		if status, _, _ := w.raw("GET", "/api/v1/whoami", c.tokens["aud"], nil); status == 429 {
			c.call("aud", "GET", "/whoami", "", 429)
		}
	}
	for path, methods := range c.d.Paths {
		for method, op := range methods {
			if op.OperationID == "" {
				t.Errorf("%s %s has no name", method, path)
			}
			for status := range op.Responses {
				if status < "400" && !c.seen[op.OperationID+" "+status] {
					t.Errorf("%s %s (%s): the answer %s is described, and was not seen", method, path, op.OperationID, status)
				}
			}
			for _, status := range []string{"default", "401", "403", "429", "503"} {
				if _, ok := op.Responses[status].Content[problemType]; !ok {
					t.Errorf("%s %s (%s) has no answer %s", method, path, op.OperationID, status)
				}
			}
		}
	}
	for name := range c.d.Components.Schemas {
		if slices.Contains([]string{"ErrorModel", "ErrorDetail"}, name) {
			t.Errorf("the schema %s is described, and nothing answers with it", name)
		}
	}
}

func (c *caller) requests() {
	c.call("nobody", "GET", "/whoami", "", 401)
	c.call("ann", "GET", "/whoami", "", 200)
	c.call("ann", "GET", "/cas", "", 200)
	c.call("ann", "GET", "/cas/issuing", "", 200)
	c.call("ann", "GET", "/cas/nosuch", "", 404)
	c.call("ann", "GET", "/profiles", "", 200)
	c.call("ann", "GET", "/profiles/server", "", 200)
	c.call("ann", "POST", "/requests?profile=server", csr(c.t, "a.example"), 201, "Content-Type", "text/plain")
	text, _ := json.Marshal(map[string]any{"request": csr(c.t, "a.example"), "validitySeconds": 1 << 31})
	c.call("ann", "POST", "/requests", string(text), 422)
	c.call("ann", "POST", "/requests/check", string(text), 200)
	c.call("ann", "POST", "/requests", `{"request":"`+strings.Repeat("x", largestRequest)+`"}`, 413)
	c.submit("server", 201)
	held := c.submit("reviewed", 202)["ticket"].(string)
	c.call("olga", "GET", "/requests", "", 200)
	c.call("olga", "GET", "/requests?open=true", "", 200)
	c.call("olga", "GET", "/requests/"+held, "", 200)
	c.call("olga", "GET", "/requests/"+held, "", 304, "If-None-Match", "*")
	c.call("ann", "POST", "/requests/"+held+"/approve", `{}`, 403)
	c.call("olga", "POST", "/requests/"+held+"/ask", `{"text":"why?"}`, 200)
	c.call("ann", "POST", "/requests/"+held+"/answer", `{"text":"so"}`, 200)
	c.call("olga", "POST", "/requests/"+held+"/approve", `{}`, 412, "If-Match", `"x"`)
	c.call("olga", "POST", "/requests/"+held+"/approve", `{}`, 200)
	c.call("olga", "POST", "/requests/"+held+"/approve", `{}`, 409)
	c.call("olga", "POST", "/requests/"+c.submit("reviewed", 202)["ticket"].(string)+"/refuse", `{"text":"no"}`, 200)
	c.call("ann", "POST", "/requests/"+c.submit("reviewed", 202)["ticket"].(string)+"/withdraw", `{}`, 200)
	text, _ = json.Marshal(map[string]string{"request": unsigning(c.t), "profile": "person"})
	secret := c.call("ann", "POST", "/requests", string(text), 202)["ticket"].(string)
	c.call("ann", "POST", "/requests/"+secret+"/confirm", `{"rejected":"not wanted"}`, 200)
}

func (c *caller) certificates() {
	serial := c.submit("server", 201)["serial"].(string)
	c.call("ann", "GET", "/certificates", "", 200)
	for _, form := range []string{"", "/pem", "/der", "/chain", "/p7b"} {
		c.call("ann", "GET", "/certificates/"+serial+form, "", 200)
		c.call("ann", "GET", "/certificates/"+serial+form, "", 304, "If-None-Match", "*")
	}
	c.call("ann", "GET", "/certificates/00ff", "", 404)
	c.call("ann", "POST", "/certificates/"+serial+"/renew", `{}`, 201)
	c.call("ann", "POST", "/certificates/"+serial+"/renew", `{"profile":"reviewed"}`, 202)
	c.call("olga", "POST", "/certificates/"+serial+"/revoke", `{"reason":"certificateHold"}`, 200)
	c.call("olga", "POST", "/certificates/"+serial+"/release", "", 200)
	c.call("ann", "GET", "/cas/issuing/crl", "", 404)
	if _, err := c.office.Authority.PublishCRL(c.t.Context(), "issuing", authority.FullCRL, -1, "tester"); err != nil {
		c.t.Fatal(err)
	}
	c.call("ann", "GET", "/cas/issuing/crl", "", 200)
	c.call("ann", "GET", "/cas/issuing/crl", "", 304, "If-None-Match", "*")
	c.call("olga", "POST", "/cas/issuing/crl", `{"shard":0}`, 201)
	c.call("olga", "POST", "/cas/issuing/crl", `{"shard":1}`, 422)
	c.call("ann", "POST", "/cas/issuing/crl", `{}`, 403)
	c.call("olga", "POST", "/cas/nosuch/crl", `{}`, 404)
}

func (c *caller) administration() {
	c.call("ann", "GET", "/tokens", "", 403)
	id := c.call("root", "POST", "/tokens", `{"name":"bob","roles":["applicant"]}`, 201)["id"].(string)
	c.call("root", "GET", "/tokens", "", 200)
	c.call("root", "DELETE", "/tokens/"+id, "", 200)
	reference := c.call("root", "POST", "/secrets", `{}`, 201)["reference"].(string)
	c.call("root", "GET", "/secrets", "", 200)
	c.call("root", "GET", "/secrets/"+reference, "", 200)
	c.call("root", "DELETE", "/secrets/"+reference, "", 200)
	c.call("aud", "GET", "/audit", "", 200)
	c.call("aud", "GET", "/audit/verify", "", 200)
	key := c.call("root", "POST", "/acme/eab", `{"note":"for ann"}`, 201)["keyID"].(string)
	c.call("root", "GET", "/acme/eab", "", 200)
	c.call("root", "DELETE", "/acme/eab/"+key, "", 204)
	account := &authority.Record{Kind: "acme-account", ID: "06h0", State: "valid", Body: []byte(`{"key":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"created":"2026-01-01T00:00:00Z"}`)}
	if err := c.office.Store.PutRecords(c.t.Context(), account); err != nil {
		c.t.Fatal(err)
	}
	c.call("root", "GET", "/acme/accounts", "", 200)
	c.call("root", "DELETE", "/acme/accounts/06h0", "", 204)
	c.call("root", "DELETE", "/acme/accounts/none", "", 404)
}
