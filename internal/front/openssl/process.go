package openssl

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/certwright/certwright/internal/front"
)

// Process returns the surroundings of this process.
func Process(shell *front.Shell, version string) Env {
	allowShortKeys()
	return Env{
		Stdin: shell.In, Stdout: shell.Out, Stderr: shell.Err, Getenv: shell.Getenv, Now: shell.Now, Version: version,
		IsTerminal:   shell.Interactive,
		ReadPassword: func(prompt string) ([]byte, error) { return readPassword(shell, prompt) },
	}
}

// allowShortKeys lets RSA keys of under 1024 bits sign and verify, which
// OpenSSL's commands do; crypto/rsa looks at the environment for it.
func allowShortKeys() {
	setting := "rsa1024min=0"
	if before := os.Getenv("GODEBUG"); before != "" {
		setting = before + "," + setting
	}
	_ = os.Setenv("GODEBUG", setting) // without it short keys are refused, no more
}

// readPassword asks at the controlling terminal; where there is none, on
// standard error and standard input.
func readPassword(shell *front.Shell, prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil || !term.IsTerminal(int(tty.Fd())) {
		fmt.Fprint(shell.Err, prompt)
		line, err := readLine(shell.In)
		fmt.Fprintln(shell.Err)
		if err != nil {
			return nil, errNoSecret
		}
		return line, nil
	}
	defer tty.Close()
	fmt.Fprint(tty, prompt)
	line, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(tty)
	if err != nil {
		return nil, errors.Join(errNoSecret, err)
	}
	return line, nil
}
