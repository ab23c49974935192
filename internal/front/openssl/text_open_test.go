package openssl

import (
	"fmt"
	"strings"
	"testing"
)

// TestOddExtensionsAreShown prints extensions that are malformed, or whose
// lengths were left open.
func TestOddExtensionsAreShown(t *testing.T) {
	w := newTwin(t)
	odd := map[string]string{
		"nameConstraints":        "3000 3002a000 300CA00A3008820661622E636F6D 300FA00D300B820661622E636F6D800100 3009A00730058703010203 300EA00C300A87080A000000FF000000 FF 0500 3080a0063004820261620000 300ca00a3080820461622e630000 30800000",
		"authorityKeyIdentifier": "3000 3003800101 300680040102 3007810582036162 30038201FF 300480020102820105 3080800101 30808001010000 30808001018201050000 30028000 0401",
		"crlDistributionPoints":  "3000 30023000 300e300ca00aa0088606687474703a2f 30083006a204820261 3006300481020640 3009a007a0058603613a2f 3080300ea00ca00a8608687474703a2f2f610000 ff",
		"subjectAltName":         "3080820161 30808201610000 24800402616200",
	}
	n := 0
	for name, values := range odd {
		for value := range strings.FieldsSeq(values) {
			n++
			file := fmt.Sprintf("odd%d.csr", n)
			args := append(strings.Fields("req -new -key k.pem -subj /CN=x -out "+file+" -addext"), name+"=DER:"+value)
			if _, _, code := reference(t, w.theirs, "", args...); code != 0 {
				continue // openssl makes no request of it
			}
			made, _, _ := reference(t, w.theirs, "", "req", "-in", file)
			w.put(t, file, []byte(made))
			w.compare(t, "", "req -in "+file+" -noout -text")
		}
	}
}
