package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// job is a command line, and what to do before each run that is not timed.
type job struct {
	args   []string
	env    []string
	before func() error
	stdin  []byte
}

// pair runs two jobs in turn and returns the median wall time of each.
func (b *bench) pair(ours, theirs job) (a, z time.Duration, err error) {
	var first, second []time.Duration
	for i := range b.runs + 2 {
		x, err := timed(ours)
		if err != nil {
			return 0, 0, err
		}
		y, err := timed(theirs)
		if err != nil {
			return 0, 0, err
		}
		if i >= 2 { // the first two warm the caches
			first, second = append(first, x), append(second, y)
		}
	}
	return median(first), median(second), nil
}

func timed(j job) (time.Duration, error) {
	if j.before != nil {
		if err := j.before(); err != nil {
			return 0, err
		}
	}
	cmd := exec.Command(j.args[0], j.args[1:]...)
	cmd.Env = append(os.Environ(), j.env...)
	cmd.Stdin = bytes.NewReader(j.stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", j.args, err, stderr.String())
	}
	return took, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func run(dir string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", args, err, out)
	}
	return nil
}

// measureProcesses times single commands as a person would meet them.
func measureProcesses(b *bench) ([]row, error) {
	home := "CERTWRIGHT_HOME=" + b.path("process-home")
	k, csr, c := b.path("p.key"), b.path("p.csr"), b.path("p.crt")
	prepare := [][]string{
		{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", k},
		{"openssl", "req", "-new", "-key", k, "-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example", "-out", csr},
		{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Bench CA", "-keyout", b.path("ca.key"), "-out", b.path("ca.crt")},
		{"env", home, b.binary, "quickstart", csr},
	}
	for _, args := range prepare {
		if err := run(b.scratch, args...); err != nil {
			return nil, err
		}
	}
	remove := func(name string) func() error {
		return func() error {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil
		}
	}
	made := b.path("made.csr")
	pairs := []struct {
		what         string
		goal         float64
		ours, theirs []string
		makes        string
	}{
		{"asn1 / openssl asn1parse", 1.5, []string{"asn1", csr}, []string{"asn1parse", "-i", "-in", csr}, ""},
		{"inspect / openssl req -text", 1.5, []string{"inspect", csr}, []string{"req", "-text", "-noout", "-in", csr}, ""},
		{"request new / openssl req -new", 1.5,
			[]string{"request", "new", "--key", k, "--subject", "CN=a.example", "--san", "dns:a.example", "--out", made},
			[]string{"req", "-new", "-key", k, "-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example", "-out", made}, made},
		{"sign / openssl x509 -req", 1,
			[]string{"sign", csr, "--out", c},
			[]string{"x509", "-req", "-in", csr, "-CA", b.path("ca.crt"), "-CAkey", b.path("ca.key"), "-days", "90", "-copy_extensions", "copy", "-out", c}, c},
	}
	var rows []row
	for _, p := range pairs {
		clean := remove(p.makes)
		x, y, err := b.pair(
			job{args: append([]string{b.binary}, p.ours...), env: []string{home}, before: clean},
			job{args: append([]string{"openssl"}, p.theirs...), before: clean})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{what: p.what, ours: ms(x), theirs: ms(y), ratio: float64(x) / float64(y), goal: p.goal})
	}
	front, err := measureFront(b, env{home: home, key: k, request: csr})
	return append(rows, front...), err
}
