package chain

import (
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/specimen"
)

// FuzzVerify takes any certificate for leaf, issuer and root at once.
func FuzzVerify(f *testing.F) {
	for _, name := range specimen.Names(f, ".crt") {
		for _, list := range specimen.Names(f, ".crl") {
			f.Add(specimen.DER(f, name), specimen.DER(f, list), "a.example")
		}
	}
	root, err := cert.Parse(specimen.DER(f, "root.crt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw, list []byte, host string) {
		c, err := cert.Parse(raw)
		if err != nil {
			return
		}
		o := Options{Now: now, Host: host, Email: host, Purpose: Server}
		if l, err := crl.Parse(list); err == nil {
			o.CRLs = []*crl.List{l}
		}
		for _, roots := range [][]*cert.Certificate{{root}, {c}, nil} {
			r := Verify(c, []*cert.Certificate{c, root}, roots, o)
			if len(r.Checks) == 0 || r.Valid != (len(r.Problems()) == 0) || r.Valid && !r.Whole {
				t.Errorf("valid %v, whole %v, %d checks", r.Valid, r.Whole, len(r.Checks))
			}
		}
	})
}
