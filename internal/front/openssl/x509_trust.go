package openssl

import (
	"slices"

	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

// setTrust changes what follows the certificate in a TRUSTED CERTIFICATE.
func (x *certifying) setTrust() error {
	x.asAux = x.hasAny("trustout", "setalias", "addtrust", "addreject", "clrtrust", "clrreject")
	if x.trust == nil && x.hasAny("setalias", "addtrust", "addreject") {
		x.trust = &text.Trust{}
	}
	if x.trust == nil {
		return nil
	}
	if x.has("setalias") {
		x.trust.Alias = []byte(x.text("setalias"))
	}
	if x.has("clrtrust") {
		x.trust.Uses = nil
	}
	if x.has("clrreject") {
		x.trust.Rejected = nil
	}
	for _, g := range x.given {
		if g.name != "addtrust" && g.name != "addreject" {
			continue
		}
		use, err := (*opensslconf.File)(nil).Object(g.value)
		if err != nil {
			use, err = x.libraryFile().Object(g.value)
		}
		if err != nil {
			what := "trust"
			if g.name == "addreject" {
				what = "reject"
			}
			return x.misuse("Invalid %s object value %s", what, g.value)
		}
		if g.name == "addtrust" {
			x.trust.Uses = append(slices.Clone(x.trust.Uses), use)
		} else {
			x.trust.Rejected = append(slices.Clone(x.trust.Rejected), use)
		}
	}
	return nil
}
