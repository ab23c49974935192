package front

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// The rules of the terminal, all in this file:
//
//   - A question is asked only where standard input is a terminal; elsewhere
//     the answer must come by a flag.
//   - A secret is asked for without echo. Where standard input is a pipe but
//     standard error a terminal, the controlling terminal is asked.
//   - Questions go to standard error where that is a terminal, and otherwise
//     straight to the terminal, so that standard output holds results only.
//   - Progress is drawn only where standard error is a terminal, and not with
//     --quiet.
//   - There are no colours and no control codes but the carriage return and
//     "erase to the end of the line" of progress.

// Interactive reports whether a person can be asked.
func (s *Shell) Interactive() bool { return isTerminal(s.In) }

// Watched reports whether a person sees what is printed.
func (s *Shell) Watched() bool { return isTerminal(s.Out) }

// ask writes a question to where the person sees it.
func (s *Shell) ask(terminal *os.File, format string, args ...any) {
	if isTerminal(s.Err) {
		fmt.Fprintf(s.Err, format, visible(args)...)
		return
	}
	fmt.Fprintf(terminal, format, visible(args)...)
}

// Draws reports whether progress may be drawn.
func (s *Shell) Draws() bool { return !s.Quiet && isTerminal(s.Err) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the number of columns of the terminal that progress is drawn on.
func (s *Shell) Width() int {
	if f, ok := s.Err.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			return w
		}
	}
	return 80
}

// Draw replaces the line of progress on the terminal.
func (s *Shell) Draw(line string) {
	if w := s.Width() - 1; len(line) > w {
		line = line[:w]
	}
	fmt.Fprintf(s.Err, "\r%s\x1b[K", Visible(line))
}

// Ask asks a question and returns the answer without blanks around it; an
// empty answer is the default.
func (s *Shell) Ask(question, preset string) (string, error) {
	if preset != "" {
		question += " [" + preset + "]"
	}
	terminal, ok := s.In.(*os.File)
	if !ok {
		return "", errNoTerminal
	}
	s.ask(terminal, "%s: ", question)
	line, err := readLine(terminal)
	if err != nil {
		return "", &Failure{Exit: ExitFailed, Code: CodeTerminal, Detail: "the terminal was closed before the question was answered"}
	}
	if line == "" {
		return preset, nil
	}
	return line, nil
}

// Confirm asks for a yes. Without a terminal, and without --yes, it is a
// failure whose hint is fix.
func (s *Shell) Confirm(question, fix string) error {
	if s.Yes {
		return nil
	}
	if !s.Interactive() {
		return &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: "this needs a yes, and there is no terminal to ask at", Fix: fix}
	}
	answer, err := s.Ask(question+" (yes/no)", "no")
	if err != nil {
		return err
	}
	if a := strings.ToLower(answer); a != "yes" && a != "y" {
		return &Failure{Exit: ExitNo, Code: CodeDeclined, Detail: "not done: the answer was no"}
	}
	return nil
}

// askSecret reads a line without echo.
func (s *Shell) askSecret(prompt string) ([]byte, error) {
	in, err := s.secretInput()
	if err != nil {
		return nil, err
	}
	if in != s.In {
		defer in.Close()
	}
	s.ask(in, "%s: ", prompt)
	restore := guardEcho(in)
	secret, err := term.ReadPassword(int(in.Fd()))
	restore()
	s.ask(in, "\n")
	if err != nil {
		return nil, &Failure{Exit: ExitFailed, Code: CodeTerminal, Detail: "the terminal was closed before the passphrase was typed", Err: err}
	}
	return secret, nil
}

// guardEcho gives the terminal its echo back if the process is interrupted
// while a secret is typed, and ends it.
func guardEcho(terminal *os.File) (done func()) {
	state, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		return func() {}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	finished := make(chan struct{})
	go func() {
		select {
		case <-signals:
			term.Restore(int(terminal.Fd()), state)
			fmt.Fprintln(terminal)
			os.Exit(ExitFailed)
		case <-finished:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(finished)
	}
}

func (s *Shell) secretInput() (*os.File, error) {
	if f, ok := s.In.(*os.File); ok && isTerminal(f) {
		return f, nil
	}
	if isTerminal(s.Err) {
		if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
			return tty, nil
		}
	}
	return nil, errNoTerminal
}

// readLine reads up to the end of a line without reading past it, so that
// what follows is still there for the next question.
func readLine(in io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < 1<<16 {
		n, err := in.Read(one)
		if n == 1 && one[0] == '\n' {
			return strings.TrimSpace(string(line)), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return "", err
		}
	}
	return "", io.ErrShortBuffer
}
