package issuance

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestEveryKeyIsDescribed holds the reference against the structures.
func TestEveryKeyIsDescribed(t *testing.T) {
	reference, err := os.ReadFile("../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(k reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(k reflect.Type) {
		for k.Kind() == reflect.Pointer || k.Kind() == reflect.Map || k.Kind() == reflect.Slice {
			k = k.Elem()
		}
		if k.Kind() != reflect.Struct || seen[k] {
			return
		}
		seen[k] = true
		for i := range k.NumField() {
			if name := k.Field(i).Tag.Get("yaml"); name != "" && !strings.Contains(string(reference), name) {
				t.Errorf("docs/profiles.md does not speak of the key %s", name)
			}
			walk(k.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[profileText]())
	walk(reflect.TypeFor[fixturesText]())
	for _, name := range builtins {
		if !strings.Contains(string(reference), name) {
			t.Errorf("docs/profiles.md does not speak of the function %s", name)
		}
	}
	for _, name := range BuiltInNames() {
		if !strings.Contains(string(reference), "| `"+name+"` |") {
			t.Errorf("docs/profiles.md does not speak of the profile %s", name)
		}
	}
}
