package verbs

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/certwright/certwright/internal/front"
)

// distinct checks, before anything is signed, that no two requests would have
// their certificates under the same name in a folder.
func (p *program) distinct(folder string, files []string) error {
	taken := map[string]string{}
	for _, file := range files {
		name := outputName(folder, file, 0)
		if other, ok := taken[name]; ok && other != file {
			return sameOutput(other, file, name)
		}
		taken[name] = file
	}
	// X.csr of several requests writes X-1.crt, as X-1.csr of one does. Only
	// the few files with such names are read for that.
	for _, file := range files {
		name := outputName(folder, file, 0)
		base, number, ok := cutNumber(strings.TrimSuffix(name, ".crt"))
		if !ok {
			continue
		}
		if other, ok := taken[base+".crt"]; ok && p.requestCount(other) >= max(2, number) && p.requestCount(file) == 1 {
			return sameOutput(other, file, name)
		}
	}
	return nil
}

func sameOutput(one, other, name string) error {
	return front.Usage("sign them one at a time with --out", "the certificates of %s and %s would both go to %s", one, other, name)
}

// cutNumber takes the number from the end of "X-1".
func cutNumber(name string) (base string, number int, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(name[i+1:])
	return name[:i], number, err == nil && number > 0 && strconv.Itoa(number) == name[i+1:]
}

// requestCount is how many requests a file holds; 0 where it cannot be read,
// which is told when its turn comes.
func (p *program) requestCount(file string) int {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return 0
	}
	requests, err := readRequests(p.shell, file)
	if err != nil {
		return 0
	}
	return len(requests)
}

// outputsWritable checks, before anything is signed, that the certificates of
// request files can be written: to out, or each to a file of its own in the
// current folder.
func (p *program) outputsWritable(out string, files []string) error {
	if out != "" {
		return p.shell.Writable(out)
	}
	for _, file := range files {
		if file == "-" {
			continue
		}
		if err := p.shell.Writable(outputName("", file, 0)); err != nil {
			return err
		}
	}
	return nil
}

// foldersWritable is outputsWritable for a batch. What an earlier run that was
// killed left half-written is removed.
func (p *program) foldersWritable(folder string, files []string) error {
	seen := map[string]bool{}
	for _, file := range files {
		own := folder
		if own == "" {
			own = filepath.Dir(file)
		}
		if seen[own] {
			continue
		}
		seen[own] = true
		if err := p.shell.Writable(filepath.Join(own, "x.crt")); err != nil {
			return err
		}
		if err := front.RemoveStale(own); err != nil {
			return err
		}
	}
	return nil
}

// onRecord says of what could not be written that nothing is lost, and how to
// get it.
func onRecord(err error, serials ...string) error {
	f := *explain(err)
	f.Detail += "; the certificate is signed and on record"
	if len(serials) > 1 {
		f.Detail = strings.Replace(f.Detail, "; the certificate is", "; the certificates are", 1)
	}
	f.Fix = "write it elsewhere: certwright export " + serials[0] + " --out FILE"
	if len(serials) > 1 {
		f.Fix += ", and the same for " + strings.Join(serials[1:], ", ")
	}
	return &f
}
