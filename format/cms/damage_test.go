package cms

import (
	"bytes"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// tagsOf returns where the identifier octets in DER stand.
func tagsOf(t *testing.T, data []byte, at, depth int) []int {
	t.Helper()
	var all []int
	for r := der.Reader(data); !r.Empty(); {
		before := len(r)
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
		if e.Tag.Constructed() && depth > 0 {
			all = append(all, tagsOf(t, e.Content, at+e.HeaderLen(), depth-1)...)
		}
		at += before - len(r)
	}
	return all
}

// Every element in turn is made one of a type that belongs nowhere.
func TestDamagedMessagesSayWhatIsWrong(t *testing.T) {
	dir := workshop(t)
	for _, c := range []struct {
		command, want string
		read          func(*ContentInfo) error
	}{
		{sign + "-nodetach -binary", "reading SignedData: ", func(c *ContentInfo) error { _, err := c.SignedData(); return err }},
		{"openssl cms -encrypt -in message -binary -outform DER -aes256 -pwri_password secret -secretkey 000102030405060708090A0B0C0D0E0F -secretkeyid C0FFEE rsa.crt ec.crt", "reading EnvelopedData: ", func(c *ContentInfo) error { _, err := c.EnvelopedData(); return err }},
		{"openssl cms -encrypt -in message -binary -outform DER -aes-256-gcm rsa.crt", "reading AuthEnvelopedData: ", func(c *ContentInfo) error { _, err := c.EnvelopedData(); return err }},
		{"openssl cms -EncryptedData_encrypt -aes128 -secretkey 000102030405060708090A0B0C0D0E0F -in message -outform DER", "reading EncryptedData: ", func(c *ContentInfo) error { _, err := c.EncryptedData(); return err }},
	} {
		whole, err := Parse(run(t, dir, c.command))
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, at := range tagsOf(t, whole.DER, 0, 9) {
			damaged := bytes.Clone(whole.DER)
			damaged[at] = byte(der.VisibleString)
			info, err := Parse(damaged)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "reading ") {
					t.Errorf("%s: octet %d: %v", c.want, at, err)
				}
				continue
			}
			if err := c.read(info); err != nil {
				refused++
				if !strings.HasPrefix(err.Error(), c.want) && !strings.HasPrefix(err.Error(), "the CMS message is ") {
					t.Errorf("%s: octet %d: %v", c.want, at, err)
				}
			}
		}
		if refused < 4 {
			t.Errorf("%s: only %d damaged messages are refused", c.want, refused)
		}
	}
}

func sequence(parts ...[]byte) []byte { return tagged(der.Sequence, parts...) }

func tagged(tag der.Tag, parts ...[]byte) []byte {
	var b der.Builder
	m := b.Begin(tag)
	b.Raw(parts...)
	b.End(m)
	return b.Bytes()
}

func identifier(id oid.OID) []byte { var b der.Builder; b.OID(string(id)); return b.Bytes() }

func octetString(s string) []byte {
	var b der.Builder
	b.AddString(der.OctetString, s)
	return b.Bytes()
}

func TestRecipientsThatOpenSSLDoesNotWrite(t *testing.T) {
	one := []byte{2, 1, 0}
	algorithm := sequence(identifier(oid.AES256CBC))
	kem := sequence(one, tagged(der.Context(0), []byte("id")), algorithm, octetString("ciphertext"), algorithm, []byte{2, 1, 32}, algorithm, octetString("wrapped"))
	message := func(recipient []byte) *ContentInfo {
		content := sequence(identifier(oid.Data), algorithm)
		return &ContentInfo{Type: oid.EnvelopedData, Content: sequence(one, tagged(der.Set, recipient), content)}
	}
	e, err := message(tagged(der.ContextConstructed(4), identifier(oriKEM), kem)).EnvelopedData()
	if err != nil {
		t.Fatal(err)
	}
	r := e.Recipients[0]
	if r.Kind != KeyEncapsulation || r.Identifiers[0].String() != "key identifier 6964" || string(r.EncryptedKeys[0]) != "wrapped" || r.KeyEncryption.ID != oid.AES256CBC || !e.Encrypted.Detached {
		t.Errorf("%+v", r)
	}
	e, err = message(tagged(der.ContextConstructed(4), identifier(oid.Data), one)).EnvelopedData()
	if err != nil || e.Recipients[0].Kind != OtherRecipientKind || e.Recipients[0].Type != oid.Data {
		t.Errorf("%+v, %v", e, err)
	}
	for want, recipient := range map[string][]byte{
		"recipient 1: found [7] where a recipient belongs":                                           tagged(der.ContextConstructed(7)),
		"recipient 1: encrypted key: the data end before the element does":                           tagged(der.ContextConstructed(4), identifier(oriKEM), sequence(one, tagged(der.Context(0)), algorithm)),
		"recipient 1: identifier: neither an issuer and serial number nor a key identifier is given": sequence(one, algorithm[:0], octetString("")),
		"recipient 1: version: INTEGER is missing":                                                   sequence(),
		"recipient 1: OBJECT IDENTIFIER is missing":                                                  tagged(der.ContextConstructed(4)),
		"recipient 1: key encapsulation algorithm: found OCTET STRING where SEQUENCE belongs":        tagged(der.ContextConstructed(4), identifier(oriKEM), sequence(one, tagged(der.Context(0)), octetString(""))),
	} {
		if _, err := message(recipient).EnvelopedData(); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
