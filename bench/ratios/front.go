package main

import (
	"bytes"
	"fmt"
	"os"
)

// env is what measureProcesses has made.
type env struct{ home, key, request string }

// measureFront times the commands of OpenSSL, ours and theirs by the same words.
func measureFront(b *bench, e env) ([]row, error) {
	ca, caKey, list, made := b.path("ca.crt"), b.path("ca.key"), b.path("front.crl"), b.path("front.out")
	conf, leaf := b.path("front.cnf"), b.path("front.crt")
	text := "[ca]\ndefault_ca=d\n[d]\ndatabase=" + b.path("front.txt") + "\ncrlnumber=" + b.path("front.num") +
		"\ndefault_md=sha256\nprivate_key=" + caKey + "\ncertificate=" + ca + "\ndefault_crl_days=30\n"
	for name, content := range map[string]string{conf: text, b.path("front.txt"): "", b.path("front.num"): "01\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	large, err := largeDirectory(b, 100_000)
	if err != nil {
		return nil, err
	}
	sign := []string{"x509", "-req", "-in", e.request, "-CA", ca, "-CAkey", caKey, "-days", "90", "-copy_extensions", "copy", "-out"}
	for _, args := range [][]string{append([]string{"openssl"}, append(sign, leaf)...), {"openssl", "ca", "-config", conf, "-gencrl", "-out", list}} {
		if err := run(b.scratch, args...); err != nil {
			return nil, err
		}
	}
	commands := []struct {
		what string
		goal float64
		args []string
	}{
		{"version", 1.5, []string{"version"}},
		{"genrsa 2048", 1.5, []string{"genrsa", "-out", made, "2048"}},
		{"ecparam -genkey", 1.5, []string{"ecparam", "-name", "P-256", "-genkey", "-noout", "-out", made}},
		{"pkey -text", 1.5, []string{"pkey", "-in", e.key, "-noout", "-text"}},
		{"req -new", 1.5, []string{"req", "-new", "-key", e.key, "-subj", "/CN=a.example", "-out", made}},
		{"req -text", 1.5, []string{"req", "-in", e.request, "-noout", "-text"}},
		{"x509 -req", 1, append(sign, made)},
		{"x509 -text", 1, []string{"x509", "-in", leaf, "-noout", "-text"}},
		{"asn1parse", 1.5, []string{"asn1parse", "-i", "-in", leaf}},
		{"crl -text", 1.5, []string{"crl", "-in", list, "-noout", "-text"}},
		{"verify", 1.5, []string{"verify", "-CAfile", ca, leaf}},
		{"ca -gencrl", 1.5, []string{"ca", "-config", conf, "-gencrl", "-out", made}},
		{"ca, index of 100,000", 0.5, []string{"ca", "-batch", "-config", large, "-in", e.request, "-out", made}},
		{"ca -gencrl, of 100,000", 0.5, []string{"ca", "-config", large, "-gencrl", "-out", made}},
	}
	var rows []row
	for _, c := range commands {
		x, y, err := b.pair(
			job{args: append([]string{b.binary, "openssl"}, c.args...), env: []string{e.home}},
			job{args: append([]string{"openssl"}, c.args...)})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{what: "openssl " + c.what, ours: ms(x), theirs: ms(y), ratio: float64(x) / float64(y), goal: c.goal})
	}
	return rows, nil
}

// largeDirectory writes the directory of an authority with a number of entries
// in its index, a tenth of them revoked, and returns its configuration file.
func largeDirectory(b *bench, entries int) (conf string, err error) {
	var index bytes.Buffer
	for i := range entries {
		status, revoked := "V", ""
		if i%10 == 0 {
			status, revoked = "R", "251122000000Z,keyCompromise"
		}
		fmt.Fprintf(&index, "%s\t391122000000Z\t%s\t%08X\tunknown\t/C=DE/O=Example Organisation/CN=host%d.example\n", status, revoked, 1<<28+i, i)
	}
	conf, data := b.path("large.cnf"), b.path("large.txt")
	text := "[ca]\ndefault_ca=d\n[d]\ndatabase=" + data + "\nserial=" + b.path("large.serial") + "\ncrlnumber=" + b.path("large.number") +
		"\nnew_certs_dir=" + b.path("") + "\ncertificate=" + b.path("ca.crt") + "\nprivate_key=" + b.path("ca.key") +
		"\ndefault_md=sha256\ndefault_days=90\ndefault_crl_days=30\nunique_subject=no\npolicy=p\n[p]\ncommonName=supplied\n"
	for name, content := range map[string][]byte{conf: []byte(text), data: index.Bytes(), b.path("large.serial"): []byte("20000000\n"), b.path("large.number"): []byte("01\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return "", err
		}
	}
	return conf, nil
}
