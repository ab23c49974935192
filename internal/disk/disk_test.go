package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLock has another process wait for the lock that this one has: the test
// binary itself, told so by the environment.
func TestLock(t *testing.T) {
	if name := os.Getenv("DISK_TEST_LOCK"); name != "" {
		f, err := os.Open(name)
		if err == nil {
			os.Stdout.WriteString("waiting\n")
			err = Lock(f)
		}
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("locked\n")
		return
	}
	name := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Lock(f); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(name); string(content) != "content" {
		t.Error("who does not ask for the lock cannot read:", err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestLock$")
	other.Env = append(os.Environ(), "DISK_TEST_LOCK="+name)
	out, err := other.StdoutPipe()
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("waiting\n"))
	if _, err := out.Read(line); err != nil || string(line) != "waiting\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := Unlock(f); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	if !Ended(other.Process.Pid) {
		t.Error("a process that has ended is not known to")
	}
}

func TestEnded(t *testing.T) {
	if Ended(os.Getpid()) {
		t.Error("this process has ended")
	}
}

func TestSyncFolder(t *testing.T) {
	if err := SyncFolder(t.TempDir()); err != nil {
		t.Error(err)
	}
}
