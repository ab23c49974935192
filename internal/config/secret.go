package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// errSecretSource does not quote the source: it may be the secret itself.
var errSecretSource = errors.New("a secret comes from env:NAME or file:PATH, and is not written into the configuration")

// fromElsewhere reports whether a source is none that Secret knows.
func fromElsewhere(source string) bool {
	kind, rest, _ := strings.Cut(source, ":")
	return source != "" && (rest == "" || kind != "env" && kind != "file")
}

// Secret reads what a source names: env:NAME, or the first line of file:PATH.
func Secret(source string, getenv func(string) string) ([]byte, error) {
	kind, rest, _ := strings.Cut(source, ":")
	text := ""
	switch kind {
	case "env":
		text = getenv(rest)
	case "file":
		data, err := os.ReadFile(rest)
		if err != nil {
			return nil, fmt.Errorf("reading a secret: %w", err)
		}
		text, _, _ = strings.Cut(string(data), "\n")
		text = strings.TrimSuffix(text, "\r")
	default:
		return nil, errSecretSource
	}
	if text == "" {
		return nil, fmt.Errorf("there is no secret in %s", source)
	}
	return []byte(text), nil
}
