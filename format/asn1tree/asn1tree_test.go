package asn1tree

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPrintedTree holds the tree that is printed in the description of the
// request it belongs to.
func TestPrintedTree(t *testing.T) {
	var got bytes.Buffer
	if err := Write(&got, read(t, "wikipedia.der"), Options{Indent: true}); err != nil {
		t.Fatal(err)
	}
	if want := read(t, "wikipedia.tree"); !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got:\n%s\nwant:\n%s", got.Bytes(), want)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		data    string
		o       Options
		kind    Kind
		message string
		printed string
	}{
		{"\x30", Options{}, BadEncoding, "the encoding is broken: the data end inside an identifier or a length (at offset 0)", "Error in encoding\n"},
		{"\x05\x00\x04\x05a", Options{}, BadEncoding, "the encoding is broken: a length runs past the end of what contains it (at offset 2)",
			"    0:d=0  hl=2 l=   0 prim: NULL              \nError in encoding\n"},
		{"\x04\x80\x00", Options{}, BadEncoding, "the encoding is broken: a primitive element has an indefinite length (at offset 0)", "Error in encoding\n"},
		{"\x9f\xff\xff\xff\xff\x7f\x00", Options{}, BadEncoding, "the encoding is broken: a tag number is above 2^31 (at offset 0)", "Error in encoding\n"},
		{"\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", Options{}, BadEncoding, "the encoding is broken: a length is above 2^63 (at offset 0)", "Error in encoding\n"},
		{"\x05\x00", Options{Offset: 2}, OutOfRange, "offset 2 lies outside the data", ""},
		{"", Options{}, OutOfRange, "offset 0 lies outside the data", ""},
		{"\x05\x00\x05\x00", Options{StrParse: []int{2}}, NotOpenable, "a NULL holds no other elements (at offset 2)", ""},
		{"\x05\x00\x04\x05", Options{StrParse: []int{2}}, BadStructure, "there is no readable element to open (at offset 2)", ""},
	} {
		var got bytes.Buffer
		err := Write(&got, []byte(c.data), c.o)
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.Error() != c.message || got.String() != c.printed {
			t.Errorf("%x: %v (%+v), printed %q", c.data, err, e, got.String())
		}
	}
}

func TestTooDeep(t *testing.T) {
	err := Write(io.Discard, bytes.Repeat([]byte{0x30, 0x80}, 1<<20), Options{})
	var e *Error
	if !errors.As(err, &e) || e.Kind != TooDeep || e.Error() != "the elements are nested more than 128 deep (at offset 258)" {
		t.Error(err)
	}
}

func TestSkipped(t *testing.T) {
	var skipped []int
	o := Options{StrParse: []int{0, 7, 2, 100}, Skipped: func(at int) { skipped = append(skipped, at) }}
	var got bytes.Buffer
	if err := Write(&got, []byte("\x05\x00\x04\x02\x05\x00"), o); err != nil || !slices.Equal(skipped, []int{0, 7, 100}) {
		t.Error(err, skipped)
	}
	if got.String() != "    0:d=0  hl=2 l=   0 prim: NULL              \n" {
		t.Errorf("%q", got.String())
	}
}

type brokenWriter struct{}

var errBroken = errors.New("no more room")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterFails(t *testing.T) {
	if err := Write(brokenWriter{}, read(t, "cms.der"), Options{}); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if err := Write(brokenWriter{}, bytes.Repeat([]byte{5, 0}, 1<<16), Options{}); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

func FuzzWrite(f *testing.F) {
	for _, name := range []string{"wikipedia.der", "certificate.der", "cms.der", "pkcs12.der", "ec-explicit.der"} {
		f.Add(read(f, name), 0, true)
	}
	f.Add([]byte{5, 0, 0x24, 0x80, 4, 2, 5, 0, 0, 0}, 2, false)
	f.Fuzz(func(t *testing.T, data []byte, open int, flags bool) {
		var got bytes.Buffer
		err := Write(&got, data, Options{StrParse: []int{open}, Indent: flags, Dump: flags})
		if err == nil && len(data) > 0 && got.Len() == 0 {
			t.Errorf("nothing printed for %x", data)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	data := read(b, "cms.der")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, data, Options{Indent: true}); err != nil {
			b.Fatal(err)
		}
	}
}
