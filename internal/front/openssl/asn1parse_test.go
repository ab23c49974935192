package openssl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/specimen"
)

const keptTrees = "testdata/asn1parse.txt"

// tree is an input of asn1parse with its options.
type tree struct {
	options string
	data    []byte
}

// TestMutatedTrees compares exit codes and trees of damaged inputs. Each run
// makes new ones, MUTATIONS of them where that is set; those that differ are
// kept in a file, which TestKeptTrees reads.
func TestMutatedTrees(t *testing.T) {
	n := 500
	if text := os.Getenv("MUTATIONS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d inputs", seed, n)
	g := rand.New(rand.NewPCG(seed, 0))
	var whole [][]byte
	for _, name := range specimen.Names(t) {
		whole = append(whole, specimen.DER(t, name))
	}
	var trees []tree
	for len(trees) < n {
		data := specimen.Mutate(g, whole[g.IntN(len(whole))], whole)
		if len(data) > 0 {
			trees = append(trees, tree{treeOptions(g, len(data)), data})
		}
	}
	if different := compareTrees(t, trees); len(different) > 0 {
		keepTrees(t, different)
	}
}

// treeOptions chooses what the tree is of and how it is printed.
func treeOptions(g *rand.Rand, size int) string {
	options := [...]string{"", "", "-i", "-i", "-i -dump", fmt.Sprintf("-dlimit %d", 1+g.IntN(40)),
		fmt.Sprintf("-offset %d -length %d", g.IntN(size), 1+g.IntN(size)), fmt.Sprintf("-i -strparse %d", 1+g.IntN(size)), "-noout"}
	return options[g.IntN(len(options))]
}

func TestKeptTrees(t *testing.T) {
	file, err := os.ReadFile(keptTrees)
	if err != nil {
		t.Fatal(err)
	}
	var trees []tree
	for line := range strings.Lines(string(file)) {
		digits, options, _ := strings.Cut(strings.TrimSpace(line), " ")
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree{options, data})
	}
	compareTrees(t, trees)
}

// keepTrees adds what differs to the file.
func keepTrees(t *testing.T, different []tree) {
	t.Helper()
	file, err := os.OpenFile(keptTrees, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, one := range different {
		fmt.Fprintf(file, "%x %s\n", one.data, one.options)
	}
}

// compareTrees returns the trees that differ; as many runs of openssl are under
// way at once as there are processors.
func compareTrees(t *testing.T, trees []tree) (different []tree) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("the openssl command is needed for this test; install it (apt-get install openssl)")
	}
	dir := t.TempDir()
	old := readsOldLengths(t)
	var wait sync.WaitGroup
	var lock sync.Mutex
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			name := filepath.Join(dir, strconv.Itoa(worker))
			for i := worker; i < len(trees); i += runtime.GOMAXPROCS(0) {
				report, err := trees[i].compare(path, name)
				if err == nil && report == "" {
					continue
				}
				lock.Lock()
				if err != nil {
					t.Error(err)
				} else if !old || !longZero(trees[i].data) {
					t.Error(report)
					different = append(different, trees[i])
				}
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	return different
}

// readsOldLengths reports whether the installed openssl wants an octet behind a
// length in the long form, as 3.0.19 does and 3.0.22 does not.
func readsOldLengths(t *testing.T) bool {
	t.Helper()
	_, _, code := reference(t, "", "\x04\x81\x00", "asn1parse", "-inform", "DER")
	return code != 0
}

// longZero reports whether a length of zero may stand there in the long form,
// which is where the versions differ.
func longZero(data []byte) bool {
	for n := byte(1); n <= 8; n++ {
		if bytes.Contains(data, append([]byte{0x80 | n}, make([]byte, n)...)) {
			return true
		}
	}
	return false
}

func (one tree) compare(path, name string) (report string, err error) {
	if err := os.WriteFile(name, one.data, 0o600); err != nil {
		return "", err
	}
	args := append([]string{"asn1parse", "-inform", "DER", "-in", name}, strings.Fields(one.options)...)
	got, talk, code := run("", "", args...)
	want, err := exec.Command(path, args...).Output()
	var exit *exec.ExitError
	wantCode := 0
	switch {
	case errors.As(err, &exit):
		wantCode = exit.ExitCode()
	case err != nil:
		return "", err
	}
	if got != string(want) || code != wantCode {
		return fmt.Sprintf("%x %s: exit code %d, want %d (%s)\n%s\nwant\n%s", one.data, one.options, code, wantCode, talk, got, want), nil
	}
	return "", nil
}
