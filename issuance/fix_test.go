package issuance_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/specimen"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// TestFixesFitTheirCause has requests whose key is whole, and who must not be
// told that it is broken or is another's.
func TestFixesFitTheirCause(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	p := profile(t, "server")
	for _, c := range []struct {
		name, rule, want string
		openssl          []string
	}{
		{"explicit parameters", "", "write the key anew with the name of its curve (certwright key convert), and make a request with it",
			[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"}},
		{"a curve that is not computed with", "possession", "make a new key of a common kind, such as ecdsa-p256, and a request with it",
			[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:sect233r1"}},
		{"a hash that is not computed with", "possession", "make the request anew, signed with SHA-256 or better",
			[]string{"-newkey", "rsa:2048", "-ripemd160"}},
	} {
		dir := t.TempDir()
		args := slices.Concat([]string{"req", "-new", "-nodes", "-subj", "/CN=a.example", "-keyout", filepath.Join(dir, "key")}, c.openssl)
		out, stderr, ok := specimen.OpenSSL(t, nil, args...)
		if !ok {
			t.Fatalf("%s: %s", c.name, stderr)
		}
		requests, err := request.Parse([]byte(out))
		if err != nil {
			t.Fatal(err)
		}
		j := p.Judge(requests[0], evidence.Of(requests[0], evidence.Origin{}, nil), root.issuer, issuance.Asked{}, start)
		told := slices.ContainsFunc(j.Findings(), func(f issuance.Finding) bool {
			return f.Fix == c.want && strings.HasPrefix(f.Rule, c.rule)
		})
		wrong := slices.ContainsFunc(j.Findings(), func(f issuance.Finding) bool {
			return strings.Contains(f.Fix, "never use") || strings.Contains(f.Fix, "private key of the public key")
		})
		if !told || wrong {
			t.Errorf("%s: got %+v", c.name, j.Findings())
		}
	}
}
