package issuance

import (
	"fmt"
	"sort"
	"strings"

	"github.com/certwright/certwright/internal/spelling"
)

// suggestion names the known word that is nearest to a wrong one, or all that
// are known where none is near.
func suggestion(wrong string, known []string) string {
	if best := spelling.Nearest(wrong, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	sorted := append([]string(nil), known...)
	sort.Strings(sorted)
	return "; known are " + strings.Join(sorted, ", ")
}
