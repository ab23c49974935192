package asn1tree

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/internal/specimen"
)

// opensslTree is what the openssl command prints for data in DER, and whether
// it leaves with success.
func opensslTree(t *testing.T, data []byte, args ...string) (string, bool) {
	t.Helper()
	command := exec.Command("openssl", append([]string{"asn1parse", "-inform", "DER"}, args...)...)
	command.Stdin = bytes.NewReader(data)
	out, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("the tests compare with the openssl command (Debian package openssl), which does not run: %v", err)
	}
	return string(out), err == nil
}

func arguments(o Options) (args []string) {
	add := func(name string, n int) {
		if n > 0 {
			args = append(args, name, strconv.Itoa(n))
		}
	}
	if o.Indent {
		args = append(args, "-i")
	}
	if o.Dump {
		args = append(args, "-dump")
	}
	for _, at := range o.StrParse {
		add("-strparse", at)
	}
	add("-offset", o.Offset)
	add("-length", o.Length)
	add("-dlimit", o.DumpLimit)
	return args
}

// installed is the dialect of the openssl command that is installed.
func installed(t *testing.T) dialect {
	t.Helper()
	if _, good := opensslTree(t, []byte{0x04, 0x81, 0x00}); good {
		return dialect{}
	}
	return dialect{behind: 1}
}

func compare(t *testing.T, d dialect, data []byte, o Options) {
	t.Helper()
	want, wantGood := opensslTree(t, data, arguments(o)...)
	var got bytes.Buffer
	err := d.write(&got, data, o)
	if got.String() != want || (err == nil) != wantGood {
		t.Errorf("%x %v\ngot (%v):\n%swant (%v):\n%s", data, arguments(o), err, clip(got.String()), wantGood, clip(want))
	}
}

func clip(s string) string {
	if len(s) > 4000 {
		return s[:4000] + "…\n"
	}
	return s
}

func TestLikeOpenSSL(t *testing.T) {
	d := installed(t)
	for _, data := range samples(t) {
		for _, o := range []Options{{}, {Indent: true, Dump: true}} {
			compare(t, d, data, o)
		}
	}
}

func TestMutatedLikeOpenSSL(t *testing.T) {
	random, d := rand.New(rand.NewPCG(1, 2)), installed(t)
	all := samples(t)
	for range 1500 {
		data := specimen.Mutate(random, all[random.IntN(len(all))], all)
		if len(data) == 0 {
			continue
		}
		o := Options{Indent: random.IntN(2) == 0}
		switch random.IntN(6) {
		case 0:
			o.Dump = true
		case 1:
			o.DumpLimit = 1 + random.IntN(40)
		case 2:
			o.Offset = random.IntN(len(data))
			o.Length = random.IntN(len(data))
		case 3:
			o.StrParse = append(o.StrParse, random.IntN(len(data))+1)
		}
		compare(t, d, data, o)
		if t.Failed() {
			return
		}
	}
}

// samples are whole files, every universal tag, and the odd corners.
func samples(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	files, err := filepath.Glob("testdata/*.der")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	for _, name := range specimen.Names(t) {
		all = append(all, specimen.DER(t, name))
	}
	return append(append(all, everyTag()), corners()...)
}

func everyTag() []byte {
	var b der.Builder
	contents := []string{"", "a", "ab", "\x00\x01\x02", "\xff\xff", "\x2a\x03\x04", "line\nline\ttab", "\x7f~", "\x80", "\x00\x80", "0123456789abcdef\x00"}
	for _, class := range []der.Tag{0, 0x40, 0x80, 0xc0} {
		for number := der.Tag(1); number < 31; number++ {
			for _, content := range contents {
				if len(content) != 0 || class != 0 || number%2 == 0 {
					b.AddString(class|number, content)
				}
			}
		}
	}
	return b.Bytes()
}

func corners() [][]byte {
	var all [][]byte
	for _, text := range []string{
		"30", "3005", "1f", "9fffffffff7f00", "9f87ffffff7f00", "9f888080800000", "9f800100", "9f010161", "bf810103020101",
		"308200000500", "30890000000000000000020500", "308880000000000000000500", "04887fffffffffffffff00", "04800000", "30ff",
		"048100", "30040481016100", "30030481000500", "a08002010100000500", "30803080000000000500", "3080", "308002", "3080020101",
		"000005000500", "30040000050005000000", "000141", "20020500", "31050203010105", "1f2303616263", "1f1000", "3f100205003f0000", "1f0000",
		"060180", "0600", "06028001", "06012a", "06032a8001", "060109", "0602550405", "020200ff", "0200", "0202ff7f", "0202ff80", "02080000000000000000", "020100",
		"0a0180", "0202ff00", "0203ff0000", "0205ff00000001", "0a020080", "01020102", "0100", "0101ff", "24800403616263040361626300000500",
	} {
		var data []byte
		if _, err := fmt.Sscanf(text, "%x", &data); err != nil {
			panic(err)
		}
		all = append(all, data)
	}
	nest := func(inner []byte, levels int) []byte {
		for range levels {
			var b der.Builder
			b.Add(der.Sequence, inner)
			inner = bytes.Clone(b.Bytes())
		}
		return inner
	}
	object := func(n int) []byte {
		var b der.Builder
		b.AddString(der.ObjectIdentifier, "\x2a"+string(bytes.Repeat([]byte{0x81, 1}, n))+"\x01")
		return b.Bytes()
	}
	all = append(all, nest([]byte{5, 0}, 128), nest([]byte{5, 0}, 129), nest([]byte{0x30, 0}, 128), nest([]byte{0x30, 0x80, 0, 0}, 128))
	all = append(all, bytes.Repeat([]byte{0x30, 0x80}, 129), bytes.Repeat([]byte{0x30, 0x80}, 128), nest(bytes.Repeat([]byte{0x30, 0x80}, 9), 120))
	return append(all, object(292), object(293), object(10), nest(object(300), 2))
}

// TestLargeTagNumbers prints universal tags whose number, in one octet, would be
// that of a type.
func TestLargeTagNumbers(t *testing.T) {
	for number := 255; number < 300; number++ {
		data := []byte{0x1f, byte(0x80 | number>>7), byte(number & 0x7f), 3, 0xa0, 3, 2}
		for _, o := range []Options{{}, {Dump: true}} {
			var got bytes.Buffer
			err := installed(t).write(&got, data, o)
			want, good := opensslTree(t, data, arguments(o)...)
			if got.String() != want || (err == nil) != good {
				t.Errorf("tag %d: got %v\n%swant %v\n%s", number, err, got.String(), good, want)
			}
		}
	}
}
