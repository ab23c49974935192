package opensslca

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLeftoversOfAStoppedCallGo has the next call under the same lock remove
// what was left, and no other file.
func TestLeftoversOfAStoppedCallGo(t *testing.T) {
	dir := t.TempDir()
	index, other := filepath.Join(dir, "index.txt"), filepath.Join(dir, "other.txt")
	for _, of := range []string{index, other} {
		if err := os.WriteFile(temporaryIn(dir, of), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if !isLeftover(temporaryIn(dir, of)) {
			t.Errorf("%s is not known for what it is", temporaryIn(dir, of))
		}
	}
	if err := Create(filepath.Join(dir, "15.pem"), index, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "15.pem")); err != nil || string(data) != "whole" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := os.Stat(temporaryIn(dir, index)); err == nil {
		t.Error("what was left is there still")
	}
	Tidy(dir, other)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
