package opensslca

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func contents(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSavedIndexesKeepWhatWasThere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "index.txt")
	if err := os.WriteFile(name, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	was := ""
	for i, change := range []func(*Index){
		func(x *Index) {
			x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "01", File: "unknown", Subject: "/CN=a"})
		},
		func(x *Index) {
			x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "02", File: "unknown", Subject: "/CN=b"})
		},
		func(x *Index) {
			x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "03", File: "unknown", Subject: "/CN=c"})
			e := x.Entry(0)
			e.Status, e.Revocation = Revoked, "270101000000Z"
			x.Set(0, e)
		},
	} {
		x, err := ReadIndex(name)
		if err != nil {
			t.Fatal(err)
		}
		change(x)
		if err := SaveIndex(name, x); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, name); got != string(x.Bytes()) || strings.Count(got, "\n") != i+1 {
			t.Errorf("change %d: the file has\n%s", i, got)
		}
		if got := contents(t, name+".old"); got != was {
			t.Errorf("change %d: the old file has\n%s", i, got)
		}
		was = contents(t, name)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if _, err := ReadIndex(name + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestNumbersAreCountedOneByOne(t *testing.T) {
	name := filepath.Join(t.TempDir(), "serial")
	if err := WriteNumber(name, []byte{0xfe}); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			unlock, err := Lock(name)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			n, err := ReadNumber(name)
			if err == nil {
				err = WriteNumber(name, Next(n))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if now, before := contents(t, name), contents(t, name+".old"); now != "0106\n" || before != "0105\n" {
		t.Errorf("counted to %q, before %q", now, before)
	}
}
