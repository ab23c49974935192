package openssl

import (
	"github.com/certwright/certwright/format/asn1tree"
	"github.com/certwright/certwright/format/der"
)

// dug returns the octets that a tree is of.
func dug(data []byte, o asn1tree.Options) []byte {
	for _, offset := range o.StrParse {
		if offset >= len(data) {
			continue
		}
		rest := der.Reader(data[offset:])
		e, err := rest.Next()
		if err != nil {
			return data
		}
		data = e.Raw
		if e.Tag == der.OctetString || e.Tag == der.BitString {
			data = e.Content
			if e.Tag == der.BitString && len(data) > 0 {
				data = data[1:]
			}
		}
	}
	if o.Offset < len(data) {
		data = data[o.Offset:]
	}
	if o.Length > 0 && o.Length < len(data) {
		data = data[:o.Length]
	}
	return data
}
