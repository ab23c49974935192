package issuance

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// extensionRepeated refuses requests that ask for one extension twice: which
// one is meant cannot be told.
func extensionRepeated(c *judging) {
	list := c.request.Extensions
	if len(list) > maxExtensions {
		c.refuse(request.BadExtension, "extensions", fmt.Sprintf("the request has %d extensions, more than the %d that are read", len(list), maxExtensions), "leave most of them out")
		return
	}
	for i := range list {
		for k := range i {
			if list[i].ID == list[k].ID {
				c.refuse(request.BadExtension, "extensions", fmt.Sprintf("the request has the extension %s twice", lint.ExtensionName(list[i].ID)), "leave one in the request")
				break
			}
		}
	}
}

const maxExtensions = 200

// draftKeyIdentifiers makes both identifiers from the keys themselves.
func draftKeyIdentifiers(c *judging) {
	c.plan.add(c.issuer.authorityKey)
	if c.profile.extensions.keyID {
		c.plan.add(subjectKeyID(c.request.PublicKey))
	}
}

// subjectKeyID makes the extension in one piece, with the identifier of RFC
// 5280, Section 4.2.1.2, method 1: key.Public.Identifier's.
func subjectKeyID(k *key.Public) ext.Extension {
	id := sha1.Sum(k.Bits)
	b := der.NewBuilder(make([]byte, 0, len(id)+16))
	mark := b.Begin(der.Sequence)
	b.OID(string(oid.SubjectKeyIdentifier))
	value := b.Begin(der.OctetString)
	b.Add(der.OctetString, id[:])
	b.End(value)
	b.End(mark)
	raw := b.Bytes()
	return ext.Extension{ID: oid.SubjectKeyIdentifier, Value: raw[len(raw)-len(id)-2:], Raw: raw}
}

// draftSubjectAltName encodes the names; critical exactly where there is no
// subject.
func draftSubjectAltName(c *judging) {
	if len(c.names) == 0 {
		return
	}
	e, err := subjectAltName(c.names, c.plan.subject.IsEmpty())
	if err != nil {
		c.refuse(request.BadName, "subjectAltName", err.Error(), "make the request anew")
		return
	}
	c.plan.add(e)
}

func draftPolicies(c *judging) {
	const path = "extensions.certificatePolicies"
	p := &c.profile.extensions.policies
	e, ok := c.asks(oid.CertificatePolicies, p.request, path)
	if !ok {
		if e, ignored := c.ignored(oid.CertificatePolicies, p.request); ignored && !bytes.Equal(e.Value, p.made.Value) {
			c.change(path, actionFor(p.made), "certificate policies", purposeList(p.preset), c.profile.by("sets the certificate policies itself"))
		}
		c.plan.add(p.made)
		return
	}
	asked, err := parsePolicies(e.Value)
	if err != nil {
		c.refuse(request.BadExtension, path, fmt.Sprintf("the certificate policies cannot be read: %v", err), "make the request anew")
		return
	}
	if len(asked) > p.max {
		c.refuseBy(path+".max", request.BadExtension, path, fmt.Sprintf("the request has %d policies; the profile takes at most %d", len(asked), p.max), "leave some out")
	}
	for _, id := range asked {
		if !slices.Contains(p.allowed, id) && !slices.Contains(p.preset, id) {
			c.refuseBy(path+".allowed", request.BadExtension, path, fmt.Sprintf("the request asks for the policy %v; the profile allows %s", id, purposeList(p.allowed)), "leave it out of the request")
		}
	}
	made := ext.NewCertificatePolicies(asked)
	if !bytes.Equal(made.Value, e.Value) {
		c.change(path, "replaced", "policies with qualifiers", purposeList(asked), c.profile.by("issues policies without qualifiers"))
	}
	c.plan.add(made)
}

func actionFor(e ext.Extension) string {
	if e.ID == "" {
		return "dropped"
	}
	return "replaced"
}

// parsePolicies reads the identifiers of certificate policies (RFC 5280,
// Section 4.2.1.4), each once.
func parsePolicies(value []byte) ([]oid.OID, error) {
	list, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return nil, err
	}
	var out []oid.OID
	for r := list.Children(); !r.Empty(); {
		information, err := r.Take(der.Sequence)
		if err != nil {
			return nil, err
		}
		inner := information.Children()
		e, err := inner.Take(der.ObjectIdentifier)
		if err != nil {
			return nil, err
		}
		id, err := oid.ParseContent(e.Content)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, id) {
			return nil, fmt.Errorf("the policy %v stands twice", id)
		}
		if out = append(out, id); len(out) > maxExtensions {
			return nil, fmt.Errorf("more than %d policies", maxExtensions)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no policy in it")
	}
	return out, nil
}

func draftFeatures(c *judging) {
	const path = "extensions.tlsFeature"
	p := &c.profile.extensions.features
	e, ok := c.asks(oid.TLSFeature, p.request, path)
	if !ok {
		if _, ignored := c.ignored(oid.TLSFeature, p.request); ignored {
			c.change(path, actionFor(p.made), "TLS features", numberList(p.preset), c.profile.by("sets the TLS features itself"))
		}
		c.plan.add(p.made)
		return
	}
	asked, err := parseFeatures(e.Value)
	if err != nil {
		c.refuse(request.BadExtension, path, fmt.Sprintf("the TLS features cannot be read: %v", err), "make the request anew")
		return
	}
	for _, f := range asked {
		if !slices.Contains(p.allowed, f) {
			c.refuseBy(path+".allowed", request.BadExtension, path, fmt.Sprintf("the request asks for the TLS feature %d; the profile allows %s", f, numberList(p.allowed)), "leave it out of the request")
		}
	}
	c.plan.add(ext.NewTLSFeature(asked))
}

func parseFeatures(value []byte) ([]int, error) {
	list, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return nil, err
	}
	var out []int
	for r := list.Children(); !r.Empty(); {
		e, err := r.Take(der.Integer)
		if err != nil {
			return nil, err
		}
		n, err := e.Int()
		if err != nil {
			return nil, err
		}
		if n < 0 || n > 0xffff || len(out) > 32 {
			return nil, fmt.Errorf("%d is no TLS extension", n)
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no feature in it")
	}
	return out, nil
}

func numberList(list []int) string {
	if len(list) == 0 {
		return "none"
	}
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// draftPointers says where revocation is published and the issuer fetched, as
// the issuer is set up.
func draftPointers(c *judging) {
	p, i := &c.profile.extensions, c.issuer
	if p.crl {
		c.plan.add(i.crl)
	}
	if p.freshest {
		c.plan.add(i.freshest)
	}
	c.plan.add(i.access[accessIndex(p.ocsp, p.caIssuers)])
}

// draftOthers handles every extension that no other rule governs.
func draftOthers(c *judging) {
	p := &c.profile.extensions
	for i := range p.fixed {
		c.plan.add(p.fixed[i])
	}
	for i := range c.request.Extensions {
		c.unlistedExtension(&c.request.Extensions[i])
	}
	for i := range p.other {
		c.otherExtension(&p.other[i])
	}
}

func (c *judging) unlistedExtension(e *ext.Extension) {
	p := &c.profile.extensions
	if slices.ContainsFunc(p.other, func(o otherPolicy) bool { return o.id == e.ID }) {
		return
	}
	if _, governed := governor(e.ID); governed {
		switch e.ID {
		case oid.SubjectKeyIdentifier, oid.AuthorityKeyIdentifier, oid.CRLDistributionPoints, oid.FreshestCRL,
			oid.AuthorityInfoAccess, oid.OCSPNoCheck, oid.NoRevAvail:
			if made, ok := ext.Find(c.plan.extensions, e.ID); !ok || !bytes.Equal(made.Value, e.Value) {
				c.change("extensions."+lint.ExtensionName(e.ID), actionFor(made), valueText(e.Value), valueText(made.Value), "the issuer writes this extension itself")
			}
		}
		return
	}
	field := "extensions." + lint.ExtensionName(e.ID)
	if p.unlisted == "refuse" {
		c.refuseBy("extensions.unlisted", request.BadExtension, field,
			fmt.Sprintf("the request has the extension %s, which the profile does not list", lint.ExtensionName(e.ID)), "leave it out of the request")
		return
	}
	c.change(field, "dropped", valueText(e.Value), "", c.profile.by("does not list this extension"))
}

func valueText(value []byte) string {
	const shown = 32
	if len(value) > shown {
		return "#" + hex.EncodeToString(value[:shown]) + fmt.Sprintf("… (%d octets)", len(value))
	}
	if len(value) == 0 {
		return ""
	}
	return "#" + hex.EncodeToString(value)
}

func (c *judging) otherExtension(p *otherPolicy) {
	field := "extensions." + lint.ExtensionName(p.id)
	value := p.value
	e, ok := c.asks(p.id, p.request, p.path)
	critical := p.critical == "true"
	if ok {
		if wrong := p.wrong(e.Value); wrong != "" {
			c.refuseBy(p.path, request.BadExtension, field, fmt.Sprintf("the value %s of %s is %s", valueText(e.Value), lint.ExtensionName(p.id), wrong), "correct it in the request, or leave it out")
			return
		}
		if err := der.Strict(e.Value); err != nil {
			c.refuseBy(p.path, request.BadExtension, field, fmt.Sprintf("the value of %s is not DER: %v", lint.ExtensionName(p.id), err), "make the request anew")
			return
		}
		value = e.Value
		if p.critical == "keep" {
			critical = e.Critical
		} else if critical != e.Critical {
			c.change(field, "replaced", fmt.Sprintf("critical: %t", e.Critical), fmt.Sprintf("critical: %t", critical), c.profile.by("sets whether this extension is critical"))
		}
	} else if p.request == "drop" || p.request == "refuse" {
		value = nil
	}
	if asked, there := c.ignored(p.id, p.request); there && !bytes.Equal(asked.Value, value) && p.request != "refuse" {
		action := "replaced"
		if value == nil {
			action = "dropped"
		}
		c.change(field, action, valueText(asked.Value), valueText(value), c.profile.by("does not take this extension from requests"))
	}
	if value != nil {
		c.plan.add(ext.Extension{ID: p.id, Critical: critical, Value: value})
	}
}

// wrong says why the profile does not take this value; empty where it does.
func (p *otherPolicy) wrong(value []byte) string {
	same := func(with []byte) bool { return bytes.Equal(value, with) }
	begins := func(with []byte) bool { return bytes.HasPrefix(value, with) }
	switch {
	case len(value) > p.max:
		return fmt.Sprintf("%d octets long, more than the %d the profile takes", len(value), p.max)
	case len(p.equal)+len(p.prefix) == 0:
		return ""
	case slices.ContainsFunc(p.equal, same) || slices.ContainsFunc(p.prefix, begins):
		return ""
	}
	return "not one the profile takes"
}
