package config

import (
	"fmt"
	"os"
	"strings"
)

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
		return nil, fmt.Errorf("a secret comes from env:NAME or file:PATH, and not from %q", kind)
	}
	if text == "" {
		return nil, fmt.Errorf("there is no secret in %s", source)
	}
	return []byte(text), nil
}
