package opensslca

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/dn"
)

func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestEasyRSAIsSurveyed(t *testing.T) {
	dir := t.TempDir()
	pki := filepath.Join(dir, "pki")
	for _, folder := range []string{"private", "issued", "certs_by_serial"} {
		if err := os.MkdirAll(filepath.Join(pki, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	request := func(args ...string) {
		openssl(t, pki, append([]string{"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"}, args...)...)
	}
	request("-x509", "-keyout", "private/ca.key", "-out", "ca.crt", "-subj", "/CN=Easy-RSA CA")
	for serial, host := range map[string]string{"0A": "a.example", "0B": "b.example"} {
		request("-keyout", "private/"+host+".key", "-out", host+".req", "-subj", "/CN="+host)
		openssl(t, pki, "x509", "-req", "-in", host+".req", "-CA", "ca.crt", "-CAkey", "private/ca.key", "-set_serial", "0x"+serial, "-out", "certs_by_serial/"+serial+".pem")
	}
	index := "V\t391121213237Z\t\t0A\tunknown\t/CN=a.example\nR\t391121213237Z\t261121213237Z,superseded\t0B\tunknown\t/CN=b.example\nV\t391121213237Z\t\t0C\tunknown\t/CN=c.example\n"
	for name, text := range map[string]string{"index.txt": index, "serial": "0D\n"} {
		if err := os.WriteFile(filepath.Join(pki, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Look(dir, dn.Name.Slash)
	if err != nil {
		t.Fatal(err)
	}
	if s.Folder != pki || s.CertFile != "ca.crt" || s.KeyFile != filepath.Join("private", "ca.key") || FormatNumber(s.Serial) != "0D" || s.CRLNumber != nil {
		t.Errorf("found %s, %s, %s, serial %x, list %x", s.Folder, s.CertFile, s.KeyFile, s.Serial, s.CRLNumber)
	}
	if len(s.Entries) != 3 || s.Entries[0].Certificate == nil || s.Entries[1].Revocation.Reason.String() != "superseded" || s.Entries[2].Certificate != nil {
		t.Errorf("entries: %+v", s.Entries)
	}
	want := "index.txt, line 3: no file in the folder has the certificate with the serial number 0C (/CN=c.example)"
	if len(s.Faults) != 1 || s.Faults[0] != want {
		t.Errorf("faults: %q", s.Faults)
	}
}

func TestFoldersWithoutAnAuthority(t *testing.T) {
	s, err := Look(t.TempDir(), dn.Name.Slash)
	if err != nil || s.Certificate != nil || len(s.Faults) != 2 {
		t.Errorf("an empty folder: %+v, %v", s, err)
	}
	if _, err := Look(filepath.Join(t.TempDir(), "none"), dn.Name.Slash); err == nil || !strings.HasPrefix(err.Error(), "reading the folder: ") {
		t.Errorf("no folder: %v", err)
	}
}
