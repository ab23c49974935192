package interop

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/certwright/certwright/internal/store/postgrestest"
)

// crashes is how many times a batch is killed; CRASHES asks for more.
func crashes(t *testing.T) int {
	text := os.Getenv("CRASHES")
	if text == "" {
		return 8
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CRASHES is %q; want a number above 0", text)
	}
	return n
}

func program(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "certwright")
	if out, err := exec.Command("go", "build", "-o", name, "../cmd/certwright").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return name
}

func writeRequests(t *testing.T, folder string, n int) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		host := fmt.Sprintf("h%d.example", i)
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}}, k)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("h%d.csr", i)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type certificate struct {
	Serial         string `json:"serial"`
	KeyFingerprint string `json:"keyFingerprint"`
	Fingerprint    string `json:"fingerprint"`
	Profile        string `json:"profile"`
}

func list(t *testing.T, program, home string) []certificate {
	t.Helper()
	out, err := exec.Command(program, "--home", home, "list", "--profile", "server", "--output", "json").Output()
	if err != nil {
		t.Fatalf("list: %v", explain(err))
	}
	var all []certificate
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("list: %v in %.200s", err, out)
	}
	return all
}

func explain(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}

// TestKillDuringBatch kills a batch at random moments, and holds that what was
// reported is there, that no serial and no request came twice, and that audit
// chain and database are whole.
func TestKillDuringBatch(t *testing.T) { killDuringBatch(t, crashes(t)) }

// TestKillDuringBatchOnPostgres does the same with records in PostgreSQL.
func TestKillDuringBatchOnPostgres(t *testing.T) {
	onPostgres(t)
	killDuringBatch(t, max(crashes(t)/4, 2))
}

// onPostgres has the program keep its records in a PostgreSQL database for the
// time of the test.
func onPostgres(t *testing.T) {
	t.Helper()
	server, err := postgrestest.Start("fsync=on")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	url, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(databaseName, url)
}

const databaseName = "CERTWRIGHT_DATABASE"

func killDuringBatch(t *testing.T, crashes int) {
	const requests = 4000
	certwright, dir := program(t), t.TempDir()
	home, folder, report := filepath.Join(dir, "home"), filepath.Join(dir, "requests"), filepath.Join(dir, "report.jsonl")
	writeRequests(t, folder, requests)
	must(t, certwright, "--home", home, "ca", "init", "--intermediate")
	reported := map[string]bool{}
	killed := 0
	for range crashes {
		cmd := exec.Command(certwright, "--home", home, "sign", "--batch", folder, "--report", report)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(5+mathrand.IntN(250))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		if cmd.Wait() != nil {
			killed++
		}
		timer.Stop()
		collect(t, report, reported)
		if len(list(t, certwright, home)) == requests {
			reopen(t, folder)
		}
	}
	if killed == 0 {
		t.Fatal("no run was killed, so nothing was shown")
	}
	must(t, certwright, "--home", home, "sign", "--batch", folder, "--report", report)
	collect(t, report, reported)
	checkWhole(t, certwright, home, reported)
	t.Logf("%d of the runs were killed; %d certificates reported", killed, len(reported))
}

// reopen adds requests, so that a later run has work to be killed in.
func reopen(t *testing.T, folder string) {
	t.Helper()
	old, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range old {
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	writeRequests(t, folder, 4000)
}

// collect reads the serials a report names as issued. The last line of a
// killed run may be cut; whatever is not a whole line was not reported.
func collect(t *testing.T, report string, into map[string]bool) {
	t.Helper()
	f, err := os.Open(report)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var entry struct{ State, Serial string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.State == "issued" {
			into[entry.Serial] = true
		}
	}
}

func checkWhole(t *testing.T, certwright, home string, reported map[string]bool) {
	t.Helper()
	serials, keys := map[string]bool{}, map[string]bool{}
	for _, c := range list(t, certwright, home) {
		if serials[c.Serial] {
			t.Errorf("serial %s was given twice", c.Serial)
		}
		if keys[c.KeyFingerprint] {
			t.Errorf("the request of key %s was signed twice", c.KeyFingerprint)
		}
		serials[c.Serial], keys[c.KeyFingerprint] = true, true
	}
	for serial := range reported {
		if !serials[serial] {
			t.Errorf("certificate %s was reported and is not there", serial)
		}
	}
	if len(reported) == 0 {
		t.Error("no certificate was reported, so nothing was shown")
	}
	must(t, certwright, "--home", home, "audit", "verify")
	if os.Getenv(databaseName) == "" {
		checkFile(t, home)
	}
}

func checkFile(t *testing.T, home string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(home, "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatalf("databases in the home: %v, %v", files, err)
	}
	db, err := sql.Open("sqlite", "file:"+files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %s, %v", verdict, err)
	}
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestEightProcesses signs into one home from eight processes that also start
// at once on a home that does not exist.
func TestEightProcesses(t *testing.T) { eightProcesses(t) }

// TestEightProcessesOnPostgres does the same with records in PostgreSQL.
func TestEightProcessesOnPostgres(t *testing.T) {
	onPostgres(t)
	eightProcesses(t)
}

func eightProcesses(t *testing.T) {
	const processes, each = 8, 25
	certwright, dir := program(t), t.TempDir()
	home := filepath.Join(dir, "home")
	for p := range processes {
		writeRequests(t, filepath.Join(dir, strconv.Itoa(p)), each)
	}
	var wait sync.WaitGroup
	for p := range processes {
		wait.Go(func() {
			folder := filepath.Join(dir, strconv.Itoa(p))
			for i := range each {
				verb := "sign"
				if i == 0 {
					verb = "quickstart"
				}
				cmd := exec.Command(certwright, "--home", home, verb, fmt.Sprintf("h%d.csr", i))
				cmd.Dir = folder
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("process %d, %s: %v\n%s", p, verb, err, out)
					return
				}
			}
		})
	}
	wait.Wait()
	all := list(t, certwright, home)
	reported := map[string]bool{}
	for _, c := range all {
		reported[c.Serial] = true
	}
	if len(all) != processes*each {
		t.Errorf("%d certificates of %d", len(all), processes*each)
	}
	checkWhole(t, certwright, home, reported)
}
