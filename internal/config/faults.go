package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Faults are several mistakes of a configuration.
type Faults []*Fault

// Error says where and what, line by line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each.
func (f Faults) Unwrap() []error {
	out := make([]error, len(f))
	for i, one := range f {
		out[i] = one
	}
	return out
}

// FaultsOf are the mistakes that errors are; others are left out.
func FaultsOf(errs ...error) (out Faults) {
	for _, err := range errs {
		var several Faults
		var one *Fault
		switch {
		case err == nil:
		case errors.As(err, &several):
			out = append(out, several...)
		case errors.As(err, &one):
			out = append(out, one)
		}
	}
	return out
}

// AllOf makes one error of several: nil of none, the only one as it is, and of
// more Faults, in the order of their lines.
func AllOf(errs ...error) error {
	var all Faults
	var first error
	for _, err := range errs {
		found := FaultsOf(err)
		if _, several := err.(Faults); len(found) == 0 && err != nil && !several {
			found = Faults{{File: "the configuration", Detail: err.Error(), Err: err}}
		}
		if all = append(all, found...); len(all) == 1 && first == nil {
			first = err
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		if several, ok := first.(Faults); ok {
			return several[0]
		}
		return first
	}
	line := func(f *Fault) int {
		if f.Line == 0 {
			return int(^uint(0) >> 1)
		}
		return f.Line
	}
	slices.SortStableFunc(all, func(a, b *Fault) int { return cmp.Compare(line(a), line(b)) })
	return all
}

// At is a value that cannot be, wherever it was given: Places.Locate says where.
func At(key, detail, fix string) *Fault {
	return &Fault{File: "the configuration", Key: key, Detail: fmt.Sprintf("the value of %q: %s", key, detail), Fix: fix}
}

// Places are where the values of a configuration were given.
type Places struct {
	file      string
	lines     map[string]int    // by key
	variables map[string]string // environment variables, by key
}

// Locate names the place of each value that an error says cannot be: the
// environment variable that gave it, or else the line of the file with it, or with
// what it belongs to.
func (p *Places) Locate(err error) error {
	for _, f := range FaultsOf(err) {
		if f.Key == "" || f.Line != 0 {
			continue
		}
		if variable := p.variables[f.Key]; variable != "" {
			f.File = "the environment variable " + variable
			continue
		}
		for key := f.Key; key != "" && f.Line == 0; key = key[:max(strings.LastIndexByte(key, '.'), 0)] {
			f.Line = p.lines[key]
		}
		if f.Line != 0 {
			f.File = p.file
		}
	}
	return err
}

// Given reports whether a mistake is about something that was given, and not about
// what holds where nothing is.
func (p *Places) Given(f *Fault) bool {
	return f.Key == "" || p.lines[f.Key] != 0 || p.variables[f.Key] != ""
}
