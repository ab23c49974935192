package der

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

func TestBuilderAgreesWithEncodingASN1(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 127, 128, -128, -129, 255, 256, 1 << 40, -1 << 40} {
		want, _ := asn1.Marshal(n)
		var b, big_ Builder
		b.Int(n)
		big_.BigInt(big.NewInt(n))
		if !bytes.Equal(b.Bytes(), want) || !bytes.Equal(big_.Bytes(), want) {
			t.Errorf("%d: Int %x, BigInt %x, want %x", n, b.Bytes(), big_.Bytes(), want)
		}
		e, err := Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Int(); err != nil || int64(got) != n {
			t.Errorf("Int of %x = %d, %v", want, got, err)
		}
		if got, err := e.BigInt(); err != nil || got.Int64() != n {
			t.Errorf("BigInt of %x = %v, %v", want, got, err)
		}
	}
	for _, n := range []int{0, 127, 128, 255, 256, 70000} {
		content := bytes.Repeat([]byte{7}, n)
		want, _ := asn1.Marshal(content)
		var b, c Builder
		b.Add(OctetString, content)
		mark := c.Begin(OctetString)
		c.Raw(content)
		c.End(mark)
		if !bytes.Equal(b.Bytes(), want) || !bytes.Equal(c.Bytes(), want) {
			t.Errorf("OCTET STRING of %d octets differs", n)
		}
	}
	for _, y := range []int{1949, 1950, 1999, 2049, 2050, 9999} {
		at := time.Date(y, 2, 3, 4, 5, 6, 0, time.UTC)
		var b Builder
		b.Time(at)
		e, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Time(); err != nil || !got.Equal(at) {
			t.Errorf("year %d: %x reads as %v, %v", y, b.Bytes(), got, err)
		}
	}
	var b Builder
	b.NamedBits(BitString, 1<<5|1<<6)
	if want := []byte{3, 2, 1, 6}; !bytes.Equal(b.Bytes(), want) {
		t.Errorf("NamedBits = %x, want %x", b.Bytes(), want)
	}
}

func TestReadingIsTolerantAndStrictSaysSo(t *testing.T) {
	for _, c := range []struct {
		name, in string
		parse    bool
		strict   string
	}{
		{"shortest length", "\x04\x01a", true, ""},
		{"long length", "\x04\x81\x01a", true, "OCTET STRING has a length or tag in more octets than needed"},
		{"padded integer", "\x02\x02\x00\x01", true, "INTEGER is empty or padded"},
		{"BER true", "\x01\x01\x01", true, "BOOLEAN is neither 00 nor FF"},
		{"indefinite", "\x30\x80\x00\x00", false, ErrIndefinite.Error()},
		{"cut short", "\x30\x05\x00", false, ErrTruncated.Error()},
		{"huge length", "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", false, ErrTruncated.Error()},
		{"trailing", "\x05\x00\x00", false, "1 bytes too many at the end"},
		{"high tag", "\xbf\x81\x00\x00", true, ""},
		{"nothing", "", false, ErrTruncated.Error()},
	} {
		_, err := Parse([]byte(c.in))
		if (err == nil) != c.parse {
			t.Errorf("%s: Parse: %v", c.name, err)
		}
		err = Strict([]byte(c.in))
		if got := errText(err); got != c.strict {
			t.Errorf("%s: Strict: %q, want %q", c.name, got, c.strict)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		tag      Tag
		in, want string
		ok       bool
	}{
		{UTF8String, "é", "é", true},
		{UTF8String, "\xff", "", false},
		{PrintableString, "abc", "abc", true},
		{PrintableString, "\xe9", "", false},
		{T61String, "\xe9", "é", true},
		{T61String, "Zürich", "Zürich", true},
		{T61String, "Z\xfcrich", "Zürich", true},
		{BMPString, "\x00a\xd8\x3d\xde\x00", "a😀", true},
		{BMPString, "a", "", false},
		{UniversalString, "\x00\x01\xf6\x00", "😀", true},
		{Integer, "1", "", false},
	} {
		got, err := Element{Tag: c.tag, Content: []byte(c.in)}.Text()
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%v %q: %q, %v", c.tag, c.in, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x30\x03\x02\x01\x05"))
	f.Add([]byte("\xbf\x81\x00\x02\x05\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse(data)
		if err != nil {
			return
		}
		if !bytes.Equal(e.Raw, data) || Strict(data) != nil {
			return
		}
		var b Builder
		b.header(e.Raw[0], e.Number, len(e.Content))
		b.Raw(e.Content)
		if !bytes.Equal(b.Bytes(), data) {
			t.Fatalf("%x comes back as %x", data, b.Bytes())
		}
	})
}

func TestStrictTakesWhatBuilderWrites(t *testing.T) {
	for _, number := range []uint32{1, 30, 31, 127, 128, 1 << 14, 1 << 21} {
		for _, length := range []int{0, 127, 128, 255, 256, 70000} {
			var b Builder
			identifier := byte(contextSpecific | number)
			if number > 30 {
				identifier = contextSpecific | 31
			}
			b.header(identifier, number, length)
			if err := Strict(append(b.Bytes(), make([]byte, length)...)); err != nil {
				t.Errorf("number %d, length %d: %v", number, length, err)
			}
		}
	}
	for _, raw := range []string{"\x9f\x1e\x00", "\x9f\x80\x1f\x00", "\x04\x81\x01a", "\x04\x82\x00\x80" + string(make([]byte, 128))} {
		if Strict([]byte(raw)) == nil {
			t.Errorf("%x is taken for DER", raw)
		}
	}
}

func TestTimeRefusesSigns(t *testing.T) {
	for _, s := range []string{"+00101000000Z", "2401-1000000Z", "", "24010100000", "240101000000", "240101 10000Z"} {
		if at, err := (Element{Tag: UTCTime, Content: []byte(s)}).Time(); err == nil {
			t.Errorf("%q reads as %v", s, at)
		}
	}
}
