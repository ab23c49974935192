package key

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
)

// tagsOf returns where the identifier octets in DER stand, in OCTET STRINGs
// that hold DER too.
func tagsOf(data []byte, at int) []int {
	var all []int
	for r := der.Reader(data); !r.Empty(); {
		before := len(r)
		e, err := r.Next()
		if err != nil {
			return nil
		}
		all = append(all, at)
		if e.Tag.Constructed() || e.Tag == der.OctetString {
			all = append(all, tagsOf(e.Content, at+e.HeaderLen())...)
		}
		at += before - len(r)
	}
	return all
}

// Every element in turn is made one of a type that belongs nowhere: the key is
// refused with words, or is still the same key, or says why it cannot sign.
func TestDamagedKeysSayWhatIsWrong(t *testing.T) {
	dir := filepath.Join("testdata", "private")
	for _, name := range []string{"rsa", "ec", "ed", "x448", "pss", "k1", "bp", "dsa"} {
		p := readKey(t, dir, name)
		info, err := MarshalPKCS8(p)
		if err != nil {
			t.Fatal(err)
		}
		encrypted, err := WrapPKCS8(info, []byte(secret), EncryptOptions{Iterations: 1}, bytes.NewReader(make([]byte, 64)))
		if err != nil {
			t.Fatal(err)
		}
		_, traditional, _ := MarshalTraditional(p)
		for _, whole := range [][]byte{info, encrypted, traditional} {
			for _, at := range tagsOf(whole, 0) {
				damaged := bytes.Clone(whole)
				damaged[at] = byte(der.VisibleString)
				got, err := ReadPrivate(damaged, withSecret)
				if err == nil && (got.Problem != nil || SameKey(got.Public, p.Public)) {
					continue
				}
				if err == nil {
					t.Errorf("%s: octet %d: another key", name, at)
				} else if !errors.Is(err, ErrNoPrivateKey) && !strings.HasPrefix(err.Error(), "reading a private key: ") && !strings.HasPrefix(err.Error(), "looking for a private key: ") {
					t.Errorf("%s: octet %d: %v", name, at, err)
				}
			}
		}
	}
}
