package asn1tree

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestElements(t *testing.T) {
	data, err := hex.DecodeString("30800603550403" + "0c0161" + "a0020500" + "0401ff" + "0000")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Elements(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Element{
		{0, 0, 2, -1, true, "SEQUENCE", "", ""},
		{2, 1, 2, 3, false, "OBJECT", "commonName", "550403"},
		{7, 1, 2, 1, false, "UTF8STRING", "a", "61"},
		{10, 1, 2, 2, true, "cont [ 0 ]", "", ""},
		{12, 2, 2, 0, false, "NULL", "", ""},
		{14, 1, 2, 1, false, "OCTET STRING", "", "ff"},
		{17, 1, 2, 0, false, "EOC", "", ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	dug, err := Elements(data, Options{Offset: 10, Length: 4})
	if err != nil || len(dug) != 2 || dug[1].Tag != "NULL" {
		t.Errorf("%+v, %v", dug, err)
	}
	var broken *Error
	if some, err := Elements(data[:9], Options{}); !errors.As(err, &broken) || len(some) != 2 {
		t.Errorf("%+v, %v", some, err)
	}
	if _, err := Elements(bytes.Repeat([]byte{0x30, 0x80}, 200), Options{}); !errors.As(err, &broken) || broken.Kind != TooDeep {
		t.Error(err)
	}
}

// FuzzElements holds the values against the lines that are printed.
func FuzzElements(f *testing.F) {
	for _, text := range []string{"30800603550403a00205000000", "3003020101", "0500", "3080"} {
		data, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var lines strings.Builder
		printed := Write(&lines, data, Options{})
		list, listed := Elements(data, Options{})
		if (printed == nil) != (listed == nil) {
			t.Fatalf("Write: %v, Elements: %v", printed, listed)
		}
		if n := strings.Count(lines.String(), " hl="); n < len(list) {
			t.Errorf("%d elements, %d lines", len(list), n)
		}
	})
}
