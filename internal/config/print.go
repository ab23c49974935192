package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Print writes a configuration as the YAML that would give it, each key with
// what it does. Secrets are not in it: only where they come from.
func (c *Config) Print() (string, error) {
	n, err := nodeOf(reflect.ValueOf(c).Elem(), true)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	return b.String(), e.Close()
}

// nodeOf makes YAML of a struct; comments has it say what each key does.
func nodeOf(v reflect.Value, comments bool) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		t, f := v.Type().Field(i), v.Field(i)
		k := &yaml.Node{Kind: yaml.ScalarNode, Value: t.Tag.Get("yaml")}
		if comments {
			k.HeadComment = "# " + t.Tag.Get("doc")
			if t.Tag.Get("restart") != "" {
				k.HeadComment += " (holds after a restart)"
			}
		}
		value, err := valueNode(f, t.Tag.Get("secret"), comments)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, k, value)
	}
	return n, nil
}

func valueNode(f reflect.Value, secret string, comments bool) (*yaml.Node, error) {
	switch value := f.Interface().(type) {
	case Duration:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: value.String()}, nil
	case Size:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: value.String()}, nil
	case string:
		n := &yaml.Node{}
		n.SetString(hide(secret, value))
		if n.Value == "" {
			n.Style = yaml.DoubleQuotedStyle
		}
		return n, nil
	}
	switch {
	case f.Kind() == reflect.Struct:
		return nodeOf(f, comments)
	case f.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if f.Len() == 0 || f.Type().Elem().Kind() == reflect.String {
			n.Style = yaml.FlowStyle
		}
		for i := range f.Len() {
			item, err := valueNode(f.Index(i), secret, false)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		return n, nil
	}
	n := &yaml.Node{}
	if err := n.Encode(f.Interface()); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	return n, nil
}

// hide takes out what must not be shown.
func hide(secret, text string) string {
	switch secret {
	case "source":
		switch {
		case strings.HasPrefix(text, "pass:"):
			return "pass:(hidden)"
		case fromElsewhere(text):
			return "(hidden)"
		}
	case "url":
		return hideInURL(text)
	}
	return text
}

// hidden stands for what is not shown.
const hidden = "xxxxx"

// hideInURL takes out the passwords of a database's URL: before the host, and
// among the parameters.
func hideInURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(hidden)"
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		name, _, given := strings.Cut(pair, "=")
		if given && confidential(name) {
			pairs[i] = name + "=" + hidden
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.Redacted()
}

// confidential reports whether a parameter of a URL is not to be shown: those
// of libpq are password, sslpassword and sslkey. One that cannot be read is not.
func confidential(name string) bool {
	plain, err := url.QueryUnescape(name)
	plain = strings.ToLower(plain)
	return err != nil || strings.Contains(plain, "password") || strings.Contains(plain, "key") || strings.Contains(plain, "secret")
}
