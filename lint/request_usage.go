package lint

import (
	"slices"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

func requestExtensionReadable(q *request.Request, r *report) {
	readers := []struct {
		id   oid.OID
		read func([]byte) error
	}{
		{oid.BasicConstraints, func(v []byte) error { _, err := ext.ParseBasicConstraints(v); return err }},
		{oid.KeyUsage, func(v []byte) error { _, err := ext.ParseKeyUsage(v); return err }},
		{oid.ExtKeyUsage, func(v []byte) error { _, err := ext.ParseExtKeyUsage(v); return err }},
		{oid.SubjectKeyIdentifier, func(v []byte) error { _, err := ext.ParseSubjectKeyIdentifier(v); return err }},
		{oid.NameConstraints, func(v []byte) error { _, err := ext.ParseNameConstraints(v); return err }},
	}
	for _, known := range readers {
		if e, ok := ext.Find(q.Extensions, known.id); ok {
			if err := known.read(e.Value); err != nil {
				r.add("extensions."+ExtensionName(known.id), again, "the extension %s cannot be read: %v", ExtensionName(known.id), err)
			}
		}
	}
}

func requestCA(q *request.Request, r *report) {
	if asksCA(q) {
		r.add("extensions.basicConstraints", "leave it out unless an authority's certificate is meant", "the request asks to be a certification authority; only CA profiles grant that")
	}
}

func requestPathLength(q *request.Request, r *report) {
	e, ok := ext.Find(q.Extensions, oid.BasicConstraints)
	if !ok {
		return
	}
	if b, err := ext.ParseBasicConstraints(e.Value); err == nil && !b.CA && b.PathLen >= 0 {
		r.add("extensions.basicConstraints", "leave the path length out", "the request has a path length but does not ask for an authority's certificate")
	}
}

// usageAsked is the key usage a request asks for.
func usageAsked(q *request.Request) ext.KeyUsage {
	e, ok := ext.Find(q.Extensions, oid.KeyUsage)
	if !ok {
		return 0
	}
	u, err := ext.ParseKeyUsage(e.Value)
	if err != nil {
		return 0
	}
	return u
}

func requestKeyUsageKey(q *request.Request, r *report) {
	if q.PublicKey == nil {
		return
	}
	if excess := usageAsked(q) &^ usable(q.PublicKey); excess != 0 {
		r.add("extensions.keyUsage", "leave it out", "a key of kind %v cannot be used for %v", q.PublicKey, ext.KeyUsageNames(excess))
	}
}

func requestKeyUsageCA(q *request.Request, r *report) {
	if usageAsked(q)&ext.KeyCertSign != 0 && !asksCA(q) {
		r.add("extensions.keyUsage", "leave keyCertSign out, or ask for CA:TRUE too", "the request asks for keyCertSign but not for an authority's certificate")
	}
}

func purposesAsked(q *request.Request) ([]oid.OID, bool) {
	e, ok := ext.Find(q.Extensions, oid.ExtKeyUsage)
	if !ok {
		return nil, false
	}
	ids, err := ext.ParseExtKeyUsage(e.Value)
	return ids, err == nil
}

func requestExtKeyUsageAny(q *request.Request, r *report) {
	if ids, _ := purposesAsked(q); slices.Contains(ids, oid.AnyExtKeyUsage) {
		r.add("extensions.extKeyUsage", "name the purposes that are meant", "the request asks for a key that may be used for any purpose")
	}
}

func requestExtKeyUsageEmpty(q *request.Request, r *report) {
	if ids, ok := purposesAsked(q); ok && len(ids) == 0 {
		r.add("extensions.extKeyUsage", "name at least one purpose, or leave the extension out", "the extended key usage is there but names no purpose")
	}
}
