// Command ratios measures what the speed goals are stated in: this program
// beside another that does the same job, in turn, in one run. Quote the
// ratios; the times belong to the machine.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A measurement is one row of the table.
type measurement struct {
	name string
	run  func(b *bench) ([]row, error)
}

type row struct {
	what         string
	ours, theirs string
	ratio        float64
	goal         float64
	least        bool // the ratio must be at least the goal, else at most
}

func (r row) met() bool {
	if r.least {
		return r.ratio >= r.goal
	}
	return r.ratio <= r.goal
}

var measurements = []measurement{
	{"issue", measureIssue},
	{"process", measureProcesses},
	{"batch", measureBatch},
	{"crl", measureCRL},
	{"ocsp", measureOCSP},
	{"ocsp-inside", measureOCSPInside},
	{"serve", measureServe},
	{"million", measureMillion},
}

func main() {
	only := flag.String("only", "issue,process,batch,crl,ocsp,serve", "which measurements, of issue,process,batch,crl,ocsp,serve,million (a store of a million certificates takes minutes to fill)")
	binary := flag.String("certwright", "bin/certwright", "the program measured")
	runs := flag.Int("runs", 31, "runs of each whole process")
	requests := flag.Int("requests", 20_000, "requests in a batch")
	benchtime := flag.String("benchtime", "2s", "for measurements inside one process")
	flag.Parse()
	log.SetFlags(0)
	scratch, err := os.MkdirTemp("", "certwright-bench-")
	if err != nil {
		log.Fatal(err)
	}
	err = measure(&bench{scratch: scratch, binary: absolute(*binary), runs: *runs, requests: *requests, benchtime: *benchtime}, strings.Split(*only, ","))
	if remove := os.RemoveAll(scratch); err == nil {
		err = remove
	}
	if err != nil {
		log.Fatal(err)
	}
}

func measure(b *bench, names []string) error {
	fmt.Printf("%-44s %16s %16s %8s  %s\n", "", "certwright", "the other", "ratio", "goal")
	missed := 0
	for _, m := range measurements {
		if !slices.Contains(names, m.name) {
			continue
		}
		rows, err := m.run(b)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, r := range rows {
			sign, verdict := "≤", "met"
			if r.least {
				sign = "≥"
			}
			if !r.met() {
				verdict = "MISSED"
				missed++
			}
			fmt.Printf("%-44s %16s %16s %8.2f  %s %.2f %s\n", r.what, r.ours, r.theirs, r.ratio, sign, r.goal, verdict)
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d goals missed", missed)
	}
	return nil
}

type bench struct {
	scratch   string
	binary    string
	runs      int
	requests  int
	benchtime string
}

func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.scratch}, parts...)...)
}

func absolute(name string) string {
	full, err := filepath.Abs(name)
	if err != nil {
		log.Fatal(err)
	}
	return full
}
