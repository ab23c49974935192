// Command certwright-lint examines certificates with the rules of the web's
// certification authorities (zlint) for the certwright command.
//
// It is a program of its own because the rules cost five milliseconds to load,
// which every certwright command would pay, and because building them needs a
// replace directive, which would keep people from installing certwright with
// one go install.
//
// Each request on standard input is four octets of length, most significant
// first, and the DER of a certificate. Each answer on standard output is one
// line of JSON: {"findings":[…]} or {"error":"…"}.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// maxCertificate bounds what a request may ask the program to hold.
const maxCertificate = 1 << 20

type answer struct {
	Findings []finding `json:"findings"`
	Error    string    `json:"error,omitempty"`
}

type finding struct {
	Rule     string `json:"rule"`
	Citation string `json:"citation,omitempty"`
	Severity string `json:"severity"` // "error", "warning" or "info"
	Detail   string `json:"detail"`
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "certwright-lint: error: %v\n", err)
		os.Exit(3)
	}
}

func serve(in io.Reader, out io.Writer) error {
	registry := lint.GlobalRegistry()
	reader, answers := bufio.NewReader(in), json.NewEncoder(out)
	for {
		der, err := read(reader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(examine(der, registry)); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
	}
}

func read(in *bufio.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the input ends inside a length")
		}
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxCertificate {
		return nil, fmt.Errorf("a certificate of %d octets is announced; the most is %d", n, maxCertificate)
	}
	der := make([]byte, n)
	if _, err := io.ReadFull(in, der); err != nil {
		return nil, errors.New("the input ends inside a certificate")
	}
	return der, nil
}

func examine(der []byte, registry lint.Registry) answer {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return answer{Error: "the web's rules cannot be applied: " + err.Error()}
	}
	found := answer{Findings: []finding{}}
	for name, result := range zlint.LintCertificateEx(certificate, registry).Results {
		severity := severities[result.Status]
		if severity == "" {
			continue
		}
		f := finding{Rule: name, Severity: severity, Detail: result.Details}
		if l := registry.CertificateLints().ByName(name); l != nil {
			f.Citation = l.Citation
			f.Detail = sentence(l.Description, result.Details)
		}
		found.Findings = append(found.Findings, f)
	}
	slices.SortFunc(found.Findings, func(a, b finding) int { return strings.Compare(a.Rule, b.Rule) })
	return found
}

// sentence puts what a rule asks for and what was found into one.
func sentence(rule, found string) string {
	rule, found = strings.TrimRight(rule, ". "), strings.TrimRight(found, ". ")
	switch {
	case rule == "":
		return found
	case found == "" || strings.Contains(rule, found):
		return "it is against the rule: " + rule
	}
	return found + " (the rule: " + rule + ")"
}

// A lint that breaks down has said nothing for the certificate, so it counts
// against it.
var severities = map[lint.LintStatus]string{
	lint.Notice: "info",
	lint.Warn:   "warning",
	lint.Error:  "error",
	lint.Fatal:  "error",
}
