package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/certwright/certwright/bench/load"
)

const (
	serveClients = 32
	serveRounds  = 3
	serveMemory  = 80 // MiB
)

// authorities are the servers at work that are compared; those that are not
// installed are nil.
type authorities struct {
	internet *load.Internet
	ours     *load.Server
	stepCA   *load.StepCA
	cfssl    *load.CFSSL
}

func (a *authorities) stop() {
	if a.ours != nil {
		a.ours.Stop()
	}
	if a.stepCA != nil {
		a.stepCA.Stop()
	}
	if a.cfssl != nil {
		a.cfssl.Stop()
	}
	a.internet.Stop()
}

// measureServe has 32 clients ask authorities for certificates, over TLS, on
// the processors that the authorities have: by their own interface, and by
// ACME.
func measureServe(b *bench) ([]row, error) {
	span, err := time.ParseDuration(b.benchtime)
	if err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // what clients cost is not what is measured
	a, err := startAuthorities(b)
	if err != nil {
		return nil, err
	}
	defer a.stop()
	wanted, err := load.NewWanted()
	if err != nil {
		return nil, err
	}
	rows, err := serveREST(a, wanted, span)
	if err != nil {
		return nil, err
	}
	more, err := serveACME(a, span)
	if err != nil {
		return nil, err
	}
	return append(append(rows, more...), memoryRow(a)), nil
}

func startAuthorities(b *bench) (*authorities, error) {
	internet, err := load.StartInternet()
	if err != nil {
		return nil, err
	}
	a := &authorities{internet: internet}
	folder := func(name string) string {
		path := b.path("serve-" + name)
		err = os.MkdirAll(path, 0o755)
		return path
	}
	if a.ours, err = load.StartServer(folder("certwright"), b.binary, internet); err != nil {
		a.stop()
		return nil, err
	}
	if program := installed("step-ca", "github.com/smallstep/certificates/cmd/step-ca@v0.30.2"); program != "" {
		if a.stepCA, err = load.StartStepCA(folder("step-ca"), program, internet); err != nil {
			a.stop()
			return nil, err
		}
	}
	if program := installed("cfssl", "github.com/cloudflare/cfssl/cmd/cfssl@v1.6.5"); program != "" {
		if a.cfssl, err = load.StartCFSSL(folder("cfssl"), program); err != nil {
			a.stop()
			return nil, err
		}
	}
	return a, nil
}

// installed finds a program, also where "go install" puts it; empty: it is
// not installed.
func installed(name, module string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if out, err := exec.Command("go", "env", "GOPATH").Output(); err == nil {
		path := filepath.Join(string(out[:len(out)-1]), "bin", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	fmt.Printf("%s is not installed (go install %s): nothing is compared with it\n", name, module)
	return ""
}

func serveREST(a *authorities, wanted []load.Wanted, span time.Duration) ([]row, error) {
	driven := []load.Driven{a.ours.REST(serveClients, wanted)}
	if a.stepCA != nil {
		driven = append(driven, a.stepCA.Sign(serveClients, wanted))
	}
	if a.cfssl != nil {
		driven = append(driven, a.cfssl.Sign(serveClients, wanted))
	}
	results, err := load.Compare(driven, serveClients, serveRounds, span)
	if err != nil {
		return nil, err
	}
	ours, next := results[0], results[1:]
	rows := []row{}
	if a.stepCA != nil {
		rows, next = append(rows, rateRow("REST certificates / step-ca", ours, next[0], 2.5), waitRow("  p50, p99 / step-ca", ours, next[0])), next[1:]
	}
	if a.cfssl != nil {
		rows = append(rows, rateRow("REST certificates / cfssl, no database", ours, next[0], 1))
	}
	return rows, nil
}

func serveACME(a *authorities, span time.Duration) ([]row, error) {
	ours, err := a.ours.ACME(serveClients, a.internet)
	if err != nil {
		return nil, err
	}
	driven := []load.Driven{ours}
	if a.stepCA != nil {
		theirs, err := a.stepCA.ACME(serveClients, a.internet)
		if err != nil {
			return nil, err
		}
		driven = append(driven, theirs)
	}
	results, err := load.Compare(driven, serveClients, serveRounds, span)
	if err != nil || len(results) < 2 {
		return nil, err
	}
	return []row{rateRow("ACME http-01 flows / step-ca", results[0], results[1], 2.5), waitRow("  p50, p99 / step-ca", results[0], results[1])}, nil
}

func rateRow(what string, ours, theirs load.Result, goal float64) row {
	text := func(r load.Result) string { return fmt.Sprintf("%.0f/s", r.Rate) }
	return row{what: what, ours: text(ours), theirs: text(theirs), ratio: ours.Rate / theirs.Rate, goal: goal, least: true}
}

// waitRow shows what half and 99 of a hundred clients do not wait longer than;
// the goal is of the latter.
func waitRow(what string, ours, theirs load.Result) row {
	text := func(r load.Result) string {
		return fmt.Sprintf("%.1f, %.1f ms", r.At(50).Seconds()*1000, r.At(99).Seconds()*1000)
	}
	return row{what: what, ours: text(ours), theirs: text(theirs), ratio: float64(ours.At(99)) / float64(theirs.At(99)), goal: 1}
}

// memoryRow is about the most memory that the servers held under all of this.
func memoryRow(a *authorities) row {
	_, most := a.ours.Memory()
	r := row{what: fmt.Sprintf("  resident / %d MiB", serveMemory), ours: fmt.Sprintf("%.0f MiB", most), ratio: most / serveMemory, goal: 1}
	if a.stepCA != nil {
		_, theirs := a.stepCA.Memory()
		r.theirs = fmt.Sprintf("%.0f MiB", theirs)
	}
	return r
}
