package pkcs10

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// readExtensions gathers what all attributes that ask for extensions hold.
func (r *Request) readExtensions() {
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.ID != oid.ExtensionRequest && a.ID != oid.MSExtensionRequest {
			continue
		}
		for _, value := range a.Values {
			list, err := ext.Parse(value)
			if err != nil {
				r.deviate("the extensions in attribute %s cannot be read: %v", a.ID.Name(), err)
				if r.broken == nil {
					r.broken = fmt.Errorf("the extensions in attribute %s cannot be read: %w", a.ID.Name(), err)
				}
				continue
			}
			if r.extensions == nil {
				r.extensions = list
			} else {
				r.extensions = append(r.extensions, list...)
			}
		}
	}
	r.checkExtensions()
}

func (r *Request) checkExtensions() {
	seen := make(map[oid.OID]bool, len(r.extensions))
	for i := range r.extensions {
		e := &r.extensions[i]
		if seen[e.ID] {
			r.deviate("the extension %s is asked for more than once", e.ID.Name())
		}
		seen[e.ID] = true
		if !e.Critical && spellsOutFalse(e.Raw) {
			r.deviate("the extension %s says that it is not critical; DER leaves the default away", e.ID.Name())
		}
	}
}

// spellsOutFalse reports whether an extension that is not critical has the
// BOOLEAN for it nonetheless (X.690, Section 11.5).
func spellsOutFalse(raw []byte) bool {
	e, err := der.Parse(raw)
	if err != nil {
		return false
	}
	fields := e.Children()
	if _, err := fields.Next(); err != nil {
		return false
	}
	return fields.Peek() == der.Boolean
}
