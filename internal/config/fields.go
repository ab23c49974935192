package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Field is one value of the configuration.
type Field struct {
	Key    string // "server.listen"
	Doc    string
	Secret string // "source": where a secret comes from; "url": an address that may hold a password
	value  reflect.Value
}

// Fields lists every single value of a configuration, in the order of the
// struct; a list of maps is one value.
func (c *Config) Fields() []Field {
	return fieldsOf("", reflect.ValueOf(c).Elem())
}

func fieldsOf(prefix string, v reflect.Value) []Field {
	var out []Field
	for i := range v.NumField() {
		t, f := v.Type().Field(i), v.Field(i)
		name := prefix + t.Tag.Get("yaml")
		switch {
		case f.Kind() == reflect.Struct:
			out = append(out, fieldsOf(name+".", f)...)
		default:
			out = append(out, Field{Key: name, Doc: t.Tag.Get("doc"), Secret: t.Tag.Get("secret"), value: f})
		}
	}
	return out
}

// Set gives the field the value that a text says; the elements of a list are
// parted by commas, and a list of maps is YAML, or JSON.
func (f Field) Set(text string) error {
	if f.maps() {
		return f.setMaps(text)
	}
	if f.value.Kind() != reflect.Slice {
		return setScalar(f.value, text)
	}
	var list []string
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	f.value.Set(reflect.ValueOf(list))
	return nil
}

// setScalar gives a single value what a text says.
func setScalar(v reflect.Value, text string) error {
	switch target := v.Addr().Interface().(type) {
	case *Duration:
		d, err := ParseDuration(text)
		if err != nil {
			return err
		}
		*target = d
	case *Size:
		s, err := ParseSize(text)
		if err != nil {
			return err
		}
		*target = s
	case *string:
		*target = text
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*target = b
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a whole number", text)
		}
		*target = n
	}
	return nil
}

// String writes the value as Set reads it; a list of maps without what must not
// be shown.
func (f Field) String() string {
	if f.maps() {
		return f.mapsText()
	}
	if list, ok := f.value.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(f.value.Interface())
}

// Shown is String with secrets taken out.
func (f Field) Shown() string { return hide(f.Secret, f.String()) }

// Keep gives every setting that cannot change while the server runs the value
// it was started with, and returns the keys of those that had another.
func (c *Config) Keep(started *Config) (keys []string) {
	return keep("", reflect.ValueOf(c).Elem(), reflect.ValueOf(started).Elem())
}

func keep(prefix string, v, started reflect.Value) (keys []string) {
	for i := range v.NumField() {
		t := v.Type().Field(i)
		name := prefix + t.Tag.Get("yaml")
		switch {
		case v.Field(i).Kind() == reflect.Struct:
			keys = append(keys, keep(name+".", v.Field(i), started.Field(i))...)
		case t.Tag.Get("restart") != "" && !same(v.Field(i), started.Field(i)):
			keys = append(keys, name)
			v.Field(i).Set(started.Field(i))
		}
	}
	return keys
}

// Changed lists the keys whose values are not those of another configuration.
func (c *Config) Changed(other *Config) []string {
	return changed("", reflect.ValueOf(c).Elem(), reflect.ValueOf(other).Elem())
}

func changed(prefix string, a, b reflect.Value) []string {
	var keys []string
	for i := range a.NumField() {
		name := prefix + a.Type().Field(i).Tag.Get("yaml")
		switch {
		case a.Field(i).Kind() == reflect.Struct:
			keys = append(keys, changed(name+".", a.Field(i), b.Field(i))...)
		case !same(a.Field(i), b.Field(i)):
			keys = append(keys, name)
		}
	}
	return keys
}

// same compares values; a list that is empty is one that is not there.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
