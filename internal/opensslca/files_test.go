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

// TestTheOldIndexIsKept writes the file before while the index is in use, and
// leaves nothing where nothing is saved.
func TestTheOldIndexIsKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "index.txt")
	entry := func(serial string) Entry {
		return Entry{Status: Valid, Expiry: "280101000000Z", Serial: serial, File: "unknown", Subject: "/CN=" + serial}
	}
	nothing := func() error { return nil }
	was := ""
	for i, step := range []struct {
		before func() error
		change func(x *Index)
	}{
		{nothing, func(x *Index) { x.Append(entry("01")) }},
		{nothing, func(x *Index) { x.Append(entry("02")) }},
		{nothing, func(x *Index) { x.Set(0, entry("05")); x.Append(entry("03")) }},
		{nothing, func(x *Index) { x.Append(entry("04")) }},
		{nothing, func(x *Index) { x.Append(entry("06")) }},
		{func() error { // as a process leaves it that ended between two renames
			return errors.Join(os.Remove(name+".old"), os.Link(name, name+".old"))
		}, func(x *Index) { x.Append(entry("07")) }},
		{nothing, func(x *Index) { x.Append(entry("08")) }},
		{func() error { return os.WriteFile(name+".old", []byte("V\n"), 0o600) }, func(x *Index) { x.Append(entry("09")) }},
	} {
		if err := step.before(); err != nil {
			t.Fatal(err)
		}
		data, _ := os.ReadFile(name)
		x := Parse(data)
		x.KeepOld(name)
		step.change(x)
		if err := SaveIndex(name, x); err != nil {
			t.Fatal(err)
		}
		x.DropOld()
		if i > 0 && contents(t, name+".old") != was {
			t.Errorf("step %d: the old file has\n%s", i, contents(t, name+".old"))
		}
		was = contents(t, name)
		if was != string(x.Bytes()) {
			t.Errorf("step %d: the file has\n%s", i, was)
		}
	}
	x := Parse([]byte(was))
	x.KeepOld(name)
	x.DropOld()
	if _, err := os.Stat(name + ".old.new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy that nobody wanted: %v", err)
	}
}
