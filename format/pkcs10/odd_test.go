package pkcs10

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/internal/specimen"
)

// odd is a request in parts, each whole DER.
type odd struct{ version, spki, attributes, algorithm, signature, tail string }

func element(tag der.Tag, parts ...string) string {
	var b der.Builder
	b.AddString(tag, strings.Join(parts, ""))
	return string(b.Bytes())
}

func (o odd) der() []byte {
	info := element(der.Sequence, o.version, element(der.Sequence), o.spki, element(der.ContextConstructed(0), o.attributes))
	return []byte(element(der.Sequence, info, o.algorithm, o.signature, o.tail))
}

func TestDeviations(t *testing.T) {
	good, err := Parse(specimen.DER(t, "p256.csr"))
	if err != nil {
		t.Fatal(err)
	}
	regular := odd{
		version: "\x02\x01\x00", spki: string(good.PublicKey.Raw), algorithm: string(good.SignatureAlgorithm.Raw),
		signature: element(der.BitString, "\x00\x01"),
	}
	const password = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"
	with := func(change func(*odd)) odd {
		o := regular
		change(&o)
		return o
	}
	attribute := func(parts ...string) odd {
		return with(func(o *odd) { o.attributes = element(der.Sequence, parts...) })
	}
	set := func(parts ...string) string { return element(der.Set, parts...) }
	for _, test := range []struct {
		want string
		odd  odd
	}{
		{"", regular},
		{"the version is ffffffffffffffffff; the only one there is is 0", with(func(o *odd) { o.version = element(der.Integer, strings.Repeat("\xff", 9)) })},
		{"the version is -1; the only one there is is 0", with(func(o *odd) { o.version = "\x02\x01\xff" })},
		{"the public key cannot be read: ", with(func(o *odd) { o.spki = element(der.Sequence) })},
		{"the signature algorithm cannot be read: ", with(func(o *odd) { o.algorithm = element(der.Sequence) })},
		{"the signature cannot be read: BIT STRING has no valid count of unused bits", with(func(o *odd) { o.signature = element(der.BitString, "\x09\x01") })},
		{"2 bytes follow the signature, inside the request", with(func(o *odd) { o.tail = "\x05\x00" })},
		{"the attribute challengePassword has no values at all", attribute(password)},
		{"2 bytes follow the values of attribute challengePassword", attribute(password, set("\x13\x01a"), "\x05\x00")},
		{"the values of attribute challengePassword cannot be read: the data end before the element does", attribute(password, set("\x13\x05a"))},
		{"the values of attribute challengePassword cannot be read: the data end before the element does", attribute(password, "\x31\x05\x13")},
		{"the values of attribute challengePassword are not in the order DER asks for in a SET OF", attribute(password, set("\x13\x01b", "\x13\x01a"))},
		{"an attribute has no readable type: object identifier is empty or cut short", attribute("\x06\x00", set("\x13\x01a"))},
	} {
		r, err := Parse(test.odd.der())
		if err != nil {
			t.Errorf("%q: %v", test.want, err)
			continue
		}
		if !strings.Contains(strings.Join(r.Deviations, "; "), test.want) || (test.want == "") != (len(r.Deviations) == 0) {
			t.Errorf("deviations %q, want %q", r.Deviations, test.want)
		}
		if r.CheckSignature() == nil {
			t.Errorf("%q: the signature verifies", test.want)
		}
		if _, err := r.Extensions(); err != nil {
			t.Errorf("%q: %v", test.want, err)
		}
	}
}

func TestParseRefusesWhatIsCutInside(t *testing.T) {
	for _, test := range []struct{ want, raw string }{
		{"version: the data end", element(der.Sequence, element(der.Sequence, "\x02\x05"))},
		{"attributes: the data end", element(der.Sequence, element(der.Sequence, "\x02\x01\x00", "\x30\x00", "\x30\x00", "\xa0\x09"))},
		{"attributes: the data end", element(der.Sequence, element(der.Sequence, "\x02\x01\x00", "\x30\x00", "\x30\x00", "\x31\x09"))},
		{"attributes: the data end", element(der.Sequence, element(der.Sequence, "\x02\x01\x00", "\x30\x00", "\x30\x00", "\xa0\x02\x30\x05"))},
		{"signature: the data end", element(der.Sequence, element(der.Sequence, "\x30\x00", "\x30\x00"), "\x30\x00", "\x03\x09")},
	} {
		if _, err := Parse([]byte(test.raw)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%x: %v, want %q", test.raw, err, test.want)
		}
	}
}
