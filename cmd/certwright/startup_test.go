package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestStartUp holds what every call pays before its first line: no package of
// ours makes anything large while it is initialised.
func TestStartUp(t *testing.T) {
	const most = 8 << 10 // octets that one package may allocate
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := regexp.MustCompile(`(?m)^init (\S+) @.*, (\d+) bytes, \d+ allocs$`).FindAllStringSubmatch(string(out), -1)
	ours := 0
	for _, line := range lines {
		name, own := strings.CutPrefix(line[1], "github.com/certwright/certwright/")
		if !own || strings.HasPrefix(name, "cmd/") { // the tests of this command are a part of it here
			continue
		}
		ours++
		if n, err := strconv.Atoi(line[2]); err != nil || n > most {
			t.Errorf("%s allocates %s octets before any verb runs; at most %d: make it where it is first asked for", line[1], line[2], most)
		}
	}
	if ours == 0 {
		t.Fatalf("no package of ours in the trace:\n%s", out)
	}
}
