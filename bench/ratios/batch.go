package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/bench/issues"
	"github.com/certwright/certwright/internal/store/sqlite"
)

// requests writes n requests of fresh P-256 keys into a folder.
func (b *bench) writeRequests(folder, prefix string, n int) ([]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	names := make([]string, n)
	for i := range n {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		host := fmt.Sprintf("%s%d.example", prefix, i)
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
			Subject: pkix.Name{CommonName: host, Organization: []string{"Example"}, Country: []string{"DE"}}, DNSNames: []string{host},
		}, k)
		if err != nil {
			return nil, err
		}
		names[i] = fmt.Sprintf("%s/%s%d.csr", folder, prefix, i)
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		if err := os.WriteFile(names[i], block, 0o644); err != nil {
			return nil, err
		}
	}
	// Neither program is to be charged with bringing these files to the disk.
	return names, run(".", "sync")
}

// batch signs n fresh requests into a home, durably, and returns the rate.
func (b *bench) batch(home, prefix string, n int) (float64, error) {
	folder := b.path(prefix)
	if _, err := b.writeRequests(folder, prefix, n); err != nil {
		return 0, err
	}
	took, err := timed(job{args: []string{b.binary, "--home", home, "sign", "--batch", folder}})
	if err != nil {
		return 0, err
	}
	return float64(n) / took.Seconds(), nil
}

const caConfig = `
[ca]
default_ca = c
[c]
dir = .
database = index.txt
serial = serial
new_certs_dir = newcerts
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 90
policy = p
copy_extensions = copy
unique_subject = no
[p]
countryName = optional
organizationName = optional
commonName = optional
`

// opensslBatch signs requests with one process of `openssl ca`, which prints
// each certificate as it does unless told otherwise.
func (b *bench) opensslBatch(requests []string) (float64, error) {
	dir := b.path("openssl-ca")
	if err := os.MkdirAll(dir+"/newcerts", 0o755); err != nil {
		return 0, err
	}
	for name, text := range map[string]string{"ca.cnf": caConfig, "index.txt": "", "serial": "1000\n"} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	err := run(dir, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Bench CA", "-keyout", "ca.key", "-out", "ca.crt")
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("openssl", append([]string{"ca", "-config", "ca.cnf", "-batch", "-infiles"}, requests...)...)
	cmd.Dir = dir
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("openssl ca: %w\n%s", err, out[max(0, len(out)-2000):])
	}
	return float64(len(requests)) / time.Since(began).Seconds(), nil
}

func rate(r float64) string { return fmt.Sprintf("%.0f/s", r) }

func measureBatch(b *bench) ([]row, error) {
	home := b.path("batch-home")
	if err := run(b.scratch, b.binary, "--home", home, "quickstart"); err != nil {
		return nil, err
	}
	theirs, err := b.writeRequests(b.path("theirs"), "t", 2000)
	if err != nil {
		return nil, err
	}
	var ours, others []float64
	for i := range 3 {
		r, err := b.batch(home, "batch"+strconv.Itoa(i)+"x", b.requests)
		if err != nil {
			return nil, err
		}
		ours = append(ours, r)
		if r, err = b.opensslBatch(theirs); err != nil {
			return nil, err
		}
		others = append(others, r)
	}
	x, y := middleRate(ours), middleRate(others)
	return []row{{what: "sign --batch / openssl ca -infiles (rate)", ours: rate(x), theirs: rate(y), ratio: x / y, goal: 5, least: true}}, nil
}

func middleRate(r []float64) float64 {
	return r[0] + r[1] + r[2] - max(r[0], r[1], r[2]) - min(r[0], r[1], r[2])
}

// measureMillion fills a store with a million certificates, and compares the
// rate of a batch with that on an empty store.
func measureMillion(b *bench) ([]row, error) {
	full := b.path("million")
	if err := run(b.scratch, b.binary, "--home", full, "quickstart"); err != nil {
		return nil, err
	}
	store, err := sqlite.Open(context.Background(), filepath.Join(full, "certwright.db"))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(issues.Fill(context.Background(), store, 1_000_000), store.Close()); err != nil {
		return nil, err
	}
	var empty, filled []float64
	for i := range 3 {
		home := b.path("empty" + strconv.Itoa(i))
		if err := run(b.scratch, b.binary, "--home", home, "quickstart"); err != nil {
			return nil, err
		}
		r, err := b.batch(home, "e"+strconv.Itoa(i)+"x", b.requests)
		if err != nil {
			return nil, err
		}
		empty = append(empty, r)
		if r, err = b.batch(full, "f"+strconv.Itoa(i)+"x", b.requests); err != nil {
			return nil, err
		}
		filled = append(filled, r)
	}
	x, y := middleRate(filled), middleRate(empty)
	return []row{{what: "batch on 1,000,000 / on an empty store (rate)", ours: rate(x), theirs: rate(y), ratio: x / y, goal: 0.9, least: true}}, nil
}

// measureCRL writes a list of a million entries with each encoder, each in a
// process of its own.
func measureCRL(b *bench) ([]row, error) {
	program := b.path("crl")
	if err := run(".", "go", "build", "-o", program, "./bench/crl"); err != nil {
		return nil, err
	}
	var seconds [2]float64
	var resident [2]float64
	for i, with := range []string{"certwright", "x509"} {
		cmd := exec.Command(program, "-with", with)
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%v: %w", cmd.Args, err)
		}
		if seconds[i], err = strconv.ParseFloat(strings.TrimSpace(string(out)), 64); err != nil {
			return nil, err
		}
		resident[i] = residentMiB(cmd.ProcessState)
	}
	return []row{
		{what: "CRL of 1,000,000 / x509.CreateRevocationList", ours: fmt.Sprintf("%.2f s", seconds[0]), theirs: fmt.Sprintf("%.2f s", seconds[1]), ratio: seconds[0] / seconds[1], goal: 1.0 / 3},
		{what: "  resident / 256 MiB", ours: fmt.Sprintf("%.0f MiB", resident[0]), theirs: fmt.Sprintf("%.0f MiB", resident[1]), ratio: resident[0] / 256, goal: 1},
	}, nil
}
