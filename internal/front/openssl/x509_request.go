package openssl

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/opensslconf"
)

// toRequest makes a request of the certificate, of the request that was read,
// or of options alone.
func (x *certifying) toRequest(out *bytes.Buffer) error {
	if x.key == nil {
		return complain("Must specify request signing key using -key")
	}
	if x.has("clrext") && x.text("copy_extensions") != "none" {
		return complain("Must not use -clrext together with -copy_extensions")
	}
	how, err := x.signing("")
	if err != nil {
		return err
	}
	algorithm, err := how.algorithm(x.key.Public)
	if err != nil {
		return because("Error signing request", err)
	}
	t := pkcs10.Template{PublicKey: x.public}
	if t.Subject, t.Extensions, err = x.source(); err != nil {
		return err
	}
	public := x.key.Public
	if x.public != nil {
		public = x.public
	}
	if x.section != "" {
		made, err := x.extensions.Extensions(x.section, opensslconf.Context{Subject: &t.Subject, PublicKey: public, Existing: t.Extensions})
		if err != nil {
			return because("Error adding request extensions from section "+x.section, err)
		}
		for _, e := range made {
			if _, double := ext.Find(t.Extensions, e.ID); double {
				return because("Error adding request extensions from section "+x.section, fmt.Errorf("the certificate has the extension %s already", e.ID.Name()))
			}
		}
		t.Extensions = append(t.Extensions, made...)
	}
	made, err := pkcs10.Create(t, x.key, algorithm)
	if err != nil {
		return because("Error signing request", err)
	}
	if !x.has("noout") {
		x.encode(out, "CERTIFICATE REQUEST", made.Raw)
	}
	return nil
}

// source is the subject of the request to be, and the extensions that
// -copy_extensions takes over.
func (x *certifying) source() (subject dn.Name, list []ext.Extension, err error) {
	switch {
	case x.in != nil:
		subject = x.in.Subject
		if list, err = x.in.Extensions(); err != nil {
			return subject, nil, because("Error copying extensions from request", err)
		}
	case !x.has("new"):
		old, err := cert.Parse(x.raw)
		if err != nil {
			return subject, nil, because("Unable to load certificate", err)
		}
		subject, list = old.Subject, extensionsOf(old)
	}
	if x.has("subj") {
		if subject, err = x.givenSubject(nil, opensslconf.NameOptions{}); err != nil {
			return subject, nil, err
		}
	}
	if x.copying == opensslconf.CopyNone {
		return subject, nil, nil
	}
	return subject, x.restricted(slices.DeleteFunc(slices.Clone(list), func(e ext.Extension) bool {
		return e.ID == oid.SubjectKeyIdentifier || e.ID == oid.AuthorityKeyIdentifier
	})), nil
}
