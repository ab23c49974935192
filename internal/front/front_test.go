package front

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/request"
)

func quiet(in string) (*Shell, *bytes.Buffer, *bytes.Buffer) {
	var out, talk bytes.Buffer
	return &Shell{In: strings.NewReader(in), Out: &out, Err: &talk, Getenv: func(k string) string { return map[string]string{"P": "from env"}[k] }, Now: time.Now}, &out, &talk
}

func TestWrite(t *testing.T) {
	s, out, _ := quiet("")
	name := filepath.Join(t.TempDir(), "a.key")
	if err := s.Write(name, []byte("one"), SecretFile, false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != SecretFile {
		t.Fatalf("%v, %v", info, err)
	}
	err := s.Write(name, []byte("two"), SecretFile, false)
	if f := Explain(err); f.Code != CodeExists || f.Exit != ExitFailed || !strings.Contains(f.Fix, "--force") {
		t.Fatalf("overwriting: %+v", f)
	}
	if err := s.Write(name, []byte("two"), SecretFile, true); err != nil {
		t.Fatal(err)
	}
	if data, _ := s.Read(name); string(data) != "two" {
		t.Fatalf("read %q", data)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Fatalf("left behind: %v", left)
	}
	if err := s.Write("-", []byte("three"), PublicFile, false); err != nil || out.String() != "three" {
		t.Fatalf("%v, %q", err, out)
	}
	if err := s.Write(os.DevNull, []byte("x"), PublicFile, false); err != nil {
		t.Fatal(err)
	}
	for bad, want := range map[string]string{
		filepath.Dir(name): "it is a folder", filepath.Join(name, "x"): "not a folder", filepath.Join(filepath.Dir(name), "no", "x"): "there is no folder",
	} {
		if err := s.Write(bad, nil, PublicFile, true); err == nil || !strings.Contains(Explain(err).Detail, want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(file, []byte("from file\r\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, _ := quiet("from stdin\n")
	for source, want := range map[string]string{"pass:a:b": "a:b", "env:P": "from env", "file:" + file: "from file", "stdin": "from stdin"} {
		if got, err := s.Secret(source, "the key k", "passphrase"); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", source, got, err)
		}
	}
	for source, want := range map[string]string{
		"env:NONE": "is empty or not set", "file:/nowhere": "no such file", "fd:x": "not the number of an open file", "stdin": "cannot be both",
		"bare": "does not say where", "": "there is no terminal to ask", "fd:999": "is not open",
	} {
		_, err := s.Secret(source, "the key k", "passphrase")
		if err == nil || !strings.Contains(Explain(err).Detail, want) {
			t.Errorf("%s: %v", source, err)
		}
	}
	if got, err := s.NewSecret("", "the key", false); got != nil || err != nil {
		t.Errorf("without a terminal: %q, %v", got, err)
	}
	if _, err := s.NewSecret("pass:", "the key", true); err == nil || Explain(err).Code != CodePassphrase {
		t.Errorf("an empty one: %v", err)
	}
	if err := s.Confirm("Sure?", "say --yes"); Explain(err).Exit != ExitUsage {
		t.Errorf("confirming without a terminal: %v", err)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err  error
		exit int
		code string
		text string
	}{
		{&os.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, ExitFailed, CodeFile, "cannot open x: there is no such file"},
		{fmt.Errorf("w: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), ExitFailed, CodeFile, "cannot write x: the disk is full"},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, ExitFailed, CodeFile, "cannot open x: permission denied"},
		{&request.Refusal{Reason: request.BadKey, Detail: "weak"}, ExitNo, CodeRefused, "weak"},
		{fmt.Errorf("w: %w", &request.Refusal{Reason: request.UnknownProfile, Detail: "none"}), ExitNo, CodeNotFound, "none"},
		{fmt.Errorf("w: %w", authority.ErrDamaged), ExitFailed, CodeInvalid, "w: the records are damaged: a value in them cannot be read, it was changed by another program"},
		{fmt.Errorf("w: %w", authority.ErrHead), ExitFailed, CodeInvalid, "w: the records are damaged: the head of the audit chain, which says where it ends, is missing or was changed"},
		{fmt.Errorf("w: %w", authority.ErrConflict), ExitFailed, CodeConflict, "w: the record was changed meanwhile"},
		{context.Canceled, ExitFailed, CodeStopped, "stopped before the end"},
		{Usage("fix", "wrong %d", 1), ExitUsage, CodeUsage, "wrong 1"},
		{errors.New("doing it: odd"), ExitFailed, CodeInternal, "doing it: odd"},
	} {
		if f := Explain(c.err); f.Exit != c.exit || f.Code != c.code || f.Detail != c.text {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

func TestTell(t *testing.T) {
	s, out, talk := quiet("")
	s.JSON = true
	s.Tell(&Failure{Code: CodeUsage, Detail: "cause", Fix: "fix"})
	if want := "{\n  \"error\": {\n    \"code\": \"usage\",\n    \"detail\": \"cause\",\n    \"fix\": \"fix\"\n  }\n}\n"; out.String() != want {
		t.Errorf("%s", out)
	}
	if want := "certwright: error: cause\ncertwright: hint: fix\n"; talk.String() != want {
		t.Errorf("%s", talk)
	}
	s.Tell(No(CodeMismatch))
	if strings.Count(talk.String(), "\n") != 2 {
		t.Errorf("what was told is told again: %s", talk)
	}
}

func TestRemote(t *testing.T) {
	tlsServer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x.crt" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "content")
	}))
	defer tlsServer.Close()
	address := strings.TrimPrefix(tlsServer.URL, "https://")
	for _, place := range []string{tlsServer.URL, address, tlsServer.URL + "/"} {
		r, ok := ParseRemote(place)
		if !ok {
			t.Fatalf("%s is not taken for a place", place)
		}
		chain, _, err := r.Fetch(context.Background())
		if err != nil || len(chain) != 1 || !bytes.Equal(chain[0], tlsServer.Certificate().Raw) {
			t.Errorf("%s: %d certificates, %v", place, len(chain), err)
		}
	}
	r, _ := ParseRemote(tlsServer.URL + "/x.crt")
	if _, data, err := r.Fetch(context.Background()); err != nil || string(data) != "content" {
		t.Errorf("a file: %q, %v", data, err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for place, want := range map[string]string{
		tlsServer.URL + "/y":                     "answered 404",
		strings.TrimPrefix(plain.URL, "http://"): "does not speak TLS",
		"http://127.0.0.1:1/x":                   "refuses the connection",
		"nowhere.invalid:443":                    "there is no host",
	} {
		r, _ := ParseRemote(place)
		if _, _, err := r.Fetch(context.Background()); err == nil || !strings.Contains(err.Error(), want) || Explain(err).Code != CodeNetwork {
			t.Errorf("%s: %v", place, err)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	r, _ = ParseRemote(silent.Addr().String())
	if _, _, err := r.Fetch(ctx); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("a silent host: %v", err)
	}
	for _, text := range []string{"server.crt", "/tmp/a:b", "ftp://x/y", "", "a:", ":1"} {
		if _, ok := ParseRemote(text); ok {
			t.Errorf("%q is taken for a place", text)
		}
	}
}
