package front

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

var errNoTerminal = errors.New("there is no terminal to ask at")

// SourceHelp lists where a passphrase can come from, for help texts.
const SourceHelp = "pass:TEXT, env:NAME, file:PATH, fd:NUMBER or stdin"

const longestPassphrase = 1 << 16

// Secret returns the passphrase of an existing thing from a source, or asks
// for it where the source is empty. what says whose passphrase it is: "the
// key server.key".
func (s *Shell) Secret(source, what, flag string) ([]byte, error) {
	if source != "" {
		return s.fromSource(source)
	}
	secret, err := s.askSecret("Passphrase of " + what)
	if errors.Is(err, errNoTerminal) {
		return nil, &Failure{Exit: ExitFailed, Code: CodePassphrase,
			Detail: what + " is encrypted, and there is no terminal to ask for its passphrase",
			Fix:    fmt.Sprintf("give it with --%s %s", flag, SourceHelp)}
	}
	return secret, err
}

// NewSecret returns a new passphrase from a source, or asks for it twice where
// the source is empty. Without a source and without a terminal it returns
// nothing. An empty answer at the terminal is nothing too, where optional.
func (s *Shell) NewSecret(source, what string, optional bool) ([]byte, error) {
	if source != "" {
		secret, err := s.secondSecret(source)
		if err == nil && len(secret) == 0 {
			err = &Failure{Exit: ExitUsage, Code: CodePassphrase, Detail: "the passphrase for " + what + " is empty",
				Fix: "give one of at least one character, or leave the flag out"}
		}
		return secret, err
	}
	if !s.Interactive() {
		return nil, nil
	}
	prompt := "New passphrase for " + what
	if optional {
		prompt += " (empty: not encrypted)"
	}
	for range 3 {
		first, err := s.askSecret(prompt)
		if err != nil {
			return nil, err
		}
		if len(first) == 0 {
			if optional {
				return nil, nil
			}
			s.Say("It cannot be empty.")
			continue
		}
		second, err := s.askSecret("The same again")
		if err != nil {
			return nil, err
		}
		if bytes.Equal(first, second) {
			return first, nil
		}
		s.Say("The two are not the same.")
	}
	return nil, &Failure{Exit: ExitFailed, Code: CodePassphrase, Detail: "no passphrase was typed the same way twice"}
}

// ShareSource declares that a file or stream holds two passphrases, the new
// one on its second line, as OpenSSL has it. Where it has one line, both are that.
func (s *Shell) ShareSource(source string) { s.shared = source }

// secondSecret is fromSource of a new passphrase.
func (s *Shell) secondSecret(source string) ([]byte, error) {
	first, err := s.fromSource(source)
	if _, rest, ok := bytes.Cut(s.sharedText, []byte{'\n'}); err == nil && source == s.shared && ok && len(rest) > 0 {
		return firstLine(rest), nil
	}
	return first, err
}

// line returns the first line of what was read from a source, and keeps the
// others where they hold another passphrase.
func (s *Shell) line(source string, data []byte) []byte {
	if source == s.shared {
		s.sharedText = data
	}
	return firstLine(data)
}

// fromSource reads a passphrase from where the source says; of a file or
// stream it is the first line.
func (s *Shell) fromSource(source string) ([]byte, error) {
	if source == s.shared && s.sharedText != nil {
		return firstLine(s.sharedText), nil
	}
	kind, rest, _ := strings.Cut(source, ":")
	switch kind {
	case "pass":
		return []byte(rest), nil
	case "env":
		if v := s.Getenv(rest); v != "" {
			return []byte(v), nil
		}
		return nil, &Failure{Exit: ExitFailed, Code: CodePassphrase,
			Detail: fmt.Sprintf("the environment variable %s, which should hold the passphrase, is empty or not set", rest), Fix: "set and export it"}
	case "file":
		if rest == "" {
			return nil, &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: "\"file:\" names no file that the passphrase is in", Fix: "write file:PATH"}
		}
		data, err := os.ReadFile(rest)
		if err != nil {
			return nil, fmt.Errorf("reading the passphrase: %w", err)
		}
		return s.line(source, data), nil
	case "fd":
		data, err := fromDescriptor(rest)
		if err != nil {
			return nil, err
		}
		return s.line(source, data), nil
	case "stdin":
		data, err := s.takeStdin("the passphrase")
		if err != nil {
			return nil, err
		}
		return s.line(source, data), nil
	}
	return nil, &Failure{Exit: ExitUsage, Code: CodeUsage,
		Detail: fmt.Sprintf("%q does not say where the passphrase comes from", redact(source)), Fix: "write " + SourceHelp}
}

// redact keeps a passphrase that was given bare out of messages and logs.
func redact(source string) string {
	if kind, _, ok := strings.Cut(source, ":"); ok && len(kind) < 8 {
		return kind + ":…"
	}
	return "…"
}

func fromDescriptor(number string) ([]byte, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 1<<16 {
		return nil, &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: fmt.Sprintf("%q is not the number of an open file", number), Fix: "write fd:3 for the file opened as 3"}
	}
	f := os.NewFile(uintptr(n), "fd:"+number)
	data, err := io.ReadAll(io.LimitReader(f, longestPassphrase))
	if err != nil {
		return nil, &Failure{Exit: ExitFailed, Code: CodePassphrase, Detail: fmt.Sprintf("cannot read the passphrase from the open file %d: it is not open for reading", n), Fix: fmt.Sprintf("open it for the command: %d< FILE", n), Err: err}
	}
	return data, nil
}

func firstLine(data []byte) []byte {
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}
