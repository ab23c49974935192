package specimen

import (
	"strings"
	"testing"
)

func TestEverySpecimenIsListed(t *testing.T) {
	list, err := files.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	names := Names(t)
	for _, name := range names {
		if !strings.Contains(string(list), "| `"+name+"` |") {
			t.Errorf("README.md does not say what %s is", name)
		}
		if len(File(t, name)) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	if rows := strings.Count(string(list), "\n| `"); rows != len(names) {
		t.Errorf("README.md lists %d specimens, there are %d", rows, len(names))
	}
	if got := Names(t, ".crl"); len(got) == 0 || len(got) >= len(names) {
		t.Errorf("Names(.crl) = %q", got)
	}
}
