package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var line = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(?:.*?([\d.]+) allocs/op)?`)

// measureIssue runs the benchmarks of judging and signing without a store, on
// one processor.
func measureIssue(b *bench) ([]row, error) {
	cmd := exec.Command("go", "test", "./bench", "-run", "^$", "-bench", "^Benchmark(Issue|Part)", "-benchmem", "-benchtime", b.benchtime, "-count", "5", "-cpu", "1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	times, allocations := map[string][]float64{}, map[string]float64{}
	for _, m := range line.FindAllStringSubmatch(string(out), -1) {
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		times[m[1]] = append(times[m[1]], ns)
		if m[3] != "" {
			if allocations[m[1]], err = strconv.ParseFloat(m[3], 64); err != nil {
				return nil, err
			}
		}
	}
	middle := func(name string) float64 {
		values := times[name]
		slices.Sort(values)
		return values[len(values)/2]
	}
	for _, name := range []string{"IssueCertwright", "IssueStandardLibrary"} {
		if len(times[name]) == 0 {
			return nil, fmt.Errorf("no figure for %s in:\n%s", name, out)
		}
	}
	parts := 0.0
	for name := range times {
		if strings.HasPrefix(name, "Part") {
			parts += middle(name)
		}
	}
	ours, theirs := middle("IssueCertwright"), middle("IssueStandardLibrary")
	us := func(ns float64) string { return fmt.Sprintf("%.1f µs", ns/1000) }
	return []row{
		{what: "judge and sign / crypto/x509 (rate)", ours: us(ours), theirs: us(theirs), ratio: theirs / ours, goal: 1.3, least: true},
		{what: "judge and sign / sum of its parts (rate)", ours: us(ours), theirs: us(parts), ratio: parts / ours, goal: 0.85, least: true},
		{what: "allocations an issuance / crypto/x509", ours: fmt.Sprint(allocations["IssueCertwright"]), theirs: fmt.Sprint(allocations["IssueStandardLibrary"]),
			ratio: allocations["IssueCertwright"] / allocations["IssueStandardLibrary"], goal: 0.25},
	}, nil
}
