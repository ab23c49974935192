package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// filled is a configuration in which no value is empty.
func filled(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			filled(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			filled(v.Index(i))
		}
	case reflect.String:
		v.SetString("env:X")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1024)
	}
}

// Every key has its variable: what a configuration says can be said by the
// environment alone.
func TestEveryKeyByTheEnvironment(t *testing.T) {
	var want Config
	filled(reflect.ValueOf(&want).Elem())
	env := map[string]string{}
	for _, f := range want.Fields() {
		if env[f.Variable()] != "" {
			t.Errorf("two keys have the variable %s", f.Variable())
		}
		env[f.Variable()] = f.String()
	}
	got := Default()
	if err := got.overlay(func(name string) string { return env[name] }, &Places{lines: map[string]int{}, variables: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Lists of maps are YAML, or JSON, in one variable.
func TestListsOfMapsByTheEnvironment(t *testing.T) {
	h := Home{t.TempDir()}
	if err := os.WriteFile(h.File(), []byte("webhooks: [{name: old, url: 'https://old.example', secret: 'env:S'}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []Webhook
	}{
		{`[{"name": "desk", "url": "https://desk.example/x", "secret": "env:S", "events": ["request.held"]}]`, []Webhook{{"desk", "https://desk.example/x", "env:S", "", []string{"request.held"}}}},
		{"- name: desk\n  url: https://desk.example/x\n  secret: env:S\n", []Webhook{{"desk", "https://desk.example/x", "env:S", "", nil}}},
		{"[]", nil},
	} {
		got, err := Load(h, func(name string) string { return map[string]string{"CERTWRIGHT_WEBHOOKS": c.text}[name] })
		if diff := cmp.Diff(c.want, got.Webhooks, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.text, err, diff)
		}
	}
	const in = "the environment variable CERTWRIGHT_WEBHOOKS"
	for text, want := range map[string]string{
		`[{"nmae": "desk"}]`: in + `: the key "nmae" is not known in "webhooks"`,
		"- name: a\n  x: b":  in + `, line 2: the key "x" is not known in "webhooks"`,
		`{"name": "desk"}`:   in + `: the value of "webhooks" is not a list`,
		"desk":               in + `: the value of "webhooks" is not a list`,
		"[{":                 in + `: this is neither YAML nor JSON: `,
		"[]\n---\n[]":        in + `, line 2: a second document begins here`,
		`[{"name": "desk", "url": "https://desk.example/x"}]`: in + `: the value of "webhooks": the webhook "desk" has no secret to sign with`,
	} {
		_, err := Load(h, func(name string) string { return map[string]string{"CERTWRIGHT_WEBHOOKS": text}[name] })
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, and not %s", text, err, want)
		} else if f := FaultsOf(err); len(f) != 1 || f[0].Fix == "" {
			t.Errorf("%s: %+v", text, f)
		}
	}
}

func TestShownListsHaveNoSecrets(t *testing.T) {
	c := Default()
	c.Webhooks = []Webhook{{Name: "desk", URL: "https://desk.example", Secret: "hunter2"}}
	for _, f := range c.Fields() {
		if f.Key == "webhooks" && f.Shown() != `[{"name": "desk", "url": "https://desk.example", "secret": "(hidden)", "roots": "", "events": []}]` || strings.Contains(f.Shown(), "hunter2") {
			t.Errorf("%s is shown as %s", f.Key, f.Shown())
		}
	}
}

// What was meant is told by what differs, and not by how all variables begin.
func TestHintsOfVariables(t *testing.T) {
	c := Default()
	for name, want := range map[string]string{
		"CERTWRIGHT_WEBHOOK": "CERTWRIGHT_WEBHOOKS", "CERTWRIGHT_WEBHOOKS_0_URL": "CERTWRIGHT_WEBHOOKS", "CERTWRIGHT_ACCESS_OIDC_RULE": "CERTWRIGHT_ACCESS_OIDC_RULES",
		"CERTWRIGHT_CMP_MANUFACTURERS_ROOTS": "CERTWRIGHT_CMP_MANUFACTURERS", "CERTWRIGHT_PORT": "", "CERTWRIGHT_ABCDE": "", "CERTWRIGHT_SERVER_LISTN": "CERTWRIGHT_SERVER_LISTEN",
	} {
		found := c.Unknown([]string{name + "=x"})
		if len(found) != 1 || found[0].Nearest != want {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found := c.Unknown([]string{"CERTWRIGHT_TOKEN=x", "CERTWRIGHT_WEBHOOKS=[]"}); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}
