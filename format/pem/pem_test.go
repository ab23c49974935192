package pem

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// sample is DER long enough for several lines of base64.
func sample() []byte {
	content := make([]byte, 200)
	for i := range content {
		content[i] = byte(i * 7)
	}
	return append([]byte{0x30, 0x81, 200}, content...)
}

func utf16File(s string, order string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if order == "le" {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

func TestFindForms(t *testing.T) {
	der := sample()
	text := string(Encode("CERTIFICATE REQUEST", der))
	lines := strings.Split(strings.TrimSpace(text), "\n")
	b64 := base64.StdEncoding.EncodeToString(der)
	body := strings.Join(lines[1:len(lines)-1], "\n")
	label := "CERTIFICATE REQUEST"
	for _, c := range []struct {
		name, text, label string
		line              int
	}{
		{"plain", text, label, 1},
		{"text around", "Dear CA,\nhere it is:\n" + text + "\nregards -- me\n", label, 3},
		{"CRLF", strings.ReplaceAll(text, "\n", "\r\n"), label, 1},
		{"CR alone", strings.ReplaceAll(text, "\n", "\r"), label, 1},
		{"no final newline", strings.TrimSpace(text), label, 1},
		{"one line", strings.ReplaceAll(text, "\n", " "), label, 1},
		{"no blanks at all", strings.ReplaceAll(text, "\n", ""), label, 1},
		{"written-out newlines", strings.ReplaceAll(text, "\n", `\n`), label, 1},
		{"inside JSON", `{"csr":"` + strings.ReplaceAll(text, "\n", `\n`) + `"}`, label, 1},
		{"indented", "  " + strings.ReplaceAll(text, "\n", "\n  "), label, 1},
		{"quoted mail", "> " + strings.ReplaceAll(text, "\n", "\n> "), label, 1},
		{"blanks inside a line", strings.Replace(text, b64[5:9], b64[5:7]+" \t"+b64[7:9], 1), label, 1},
		{"non-breaking blank", strings.Replace(text, b64[5:9], b64[5:7]+"\u00a0"+b64[7:9], 1), label, 1},
		{"blank of no width", strings.Replace(text, b64[5:9], b64[5:7]+"\u200b"+b64[7:9], 1), label, 1},
		{"no padding", strings.ReplaceAll(text, "=", ""), label, 1},
		{"base64url", lines[0] + "\n" + base64.RawURLEncoding.EncodeToString(der) + "\n" + lines[len(lines)-1], label, 1},
		{"small letters", "-----Begin certificate request-----\n" + body + "\n-----End Certificate Request-----", label, 1},
		{"blanks in the label", "----- BEGIN  CERTIFICATE REQUEST -----\n" + body + "\n----- END CERTIFICATE REQUEST -----", label, 1},
		{"joined dashes", "\u2014\u2013BEGIN CERTIFICATE REQUEST\u2014\u2013\n" + body + "\n\u2014\u2013END CERTIFICATE REQUEST\u2014\u2013", label, 1},
		{"older label", strings.ReplaceAll(text, "CERT", "NEW CERT"), "NEW " + label, 1},
		{"label of ours", strings.ReplaceAll(text, label, "X1"), "X1", 1},
		{"another language", "-----НАЧАЛО ЗАПРОСА СЕРТИФИКАТА----- " + strings.ReplaceAll(body, "\n", " ") + " -----КОНЕЦ ЗАПРОСА СЕРТИФИКАТА-----", "НАЧАЛО ЗАПРОСА СЕРТИФИКАТА", 1},
		{"headings of dashes before", "----- notes -----\nand\n---------------\n" + text, label, 4},
		{"mark of byte order", "\ufeff" + text, label, 1},
		{"UTF-16LE", "\xff\xfe" + string(utf16File(text, "le")), label, 1},
		{"UTF-16BE", "\xfe\xff" + string(utf16File(text, "be")), label, 1},
		{"UTF-16LE without its mark", string(utf16File(text, "le")), label, 1},
		{"UTF-16BE without its mark", string(utf16File(text, "be")), label, 1},
		{"bare base64", "\n\n" + body + "\n", "", 3},
		{"instructions before", "Send all from -----BEGIN X----- to -----END X-----.\n" + text, label, 2},
		{"bare base64 on one line", b64, "", 1},
		{"bare base64, text around", "here:\n\n" + body + "\n\nbye\n", "", 3},
		{"base64 around PEM", base64.StdEncoding.EncodeToString([]byte(text)), label, 1},
		{"DER", string(der), "", 1},
		{"DER and a line end", string(der) + "\r\n", "", 1},
	} {
		blocks, err := Find([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(blocks) != 1 || !bytes.Equal(blocks[0].Bytes, der) {
			t.Errorf("%s: %d blocks, or another content", c.name, len(blocks))
			continue
		}
		if b := blocks[0]; b.Label != c.label || b.Line != c.line || b.Headers != nil {
			t.Errorf("%s: label %q line %d headers %v, want %q %d", c.name, b.Label, b.Line, b.Headers, c.label, c.line)
		}
	}
}

// TestFindTranslatedPage reads the request of an encyclopedia's article as its
// translation shows it: labels and all on one line, blanks in the base64.
func TestFindTranslatedPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "translated.txt"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Find(text)
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	const want = "ea6483ea8b32389e92f520721e6e76e91cadd9d1ccc1e743b3174daf812c4d55"
	if got := fmt.Sprintf("%x", sha256.Sum256(blocks[0].Bytes)); got != want {
		t.Errorf("the request has the digest %s, want %s", got, want)
	}
	if b := blocks[0]; b.Label != "НАЧАЛО ЗАПРОСА СЕРТИФИКАТА" || b.Line != 2 {
		t.Errorf("label %q line %d", b.Label, b.Line)
	}
}

func TestFindSeveral(t *testing.T) {
	der := sample()
	one := strings.TrimSpace(string(Encode("CERTIFICATE", der)))
	for name, text := range map[string]string{
		"lines":            one + "\n\n" + one + "\nsubject=x\n" + one,
		"no newline":       one + one + one,
		"one line":         strings.ReplaceAll(one+" "+one+" "+one, "\n", " "),
		"other language":   strings.NewReplacer("BEGIN CERTIFICATE", "ANFANG ZERTIFIKAT", "END CERTIFICATE", "ENDE ZERTIFIKAT").Replace(one + "\n" + one + "\n" + one),
		"DER":              strings.Repeat(string(der), 3),
		"bare base64":      strings.Repeat(base64.StdEncoding.EncodeToString(der)+"\n\n", 3),
		"language and not": strings.NewReplacer("BEGIN CERTIFICATE", "ANFANG ZERTIFIKAT", "END CERTIFICATE", "ENDE ZERTIFIKAT").Replace(one) + "\n" + one + "\n" + one,
	} {
		blocks, err := Find([]byte(text))
		if err != nil || len(blocks) != 3 {
			t.Errorf("%s: %d blocks, %v", name, len(blocks), err)
			continue
		}
		for _, b := range blocks {
			if !bytes.Equal(b.Bytes, der) {
				t.Errorf("%s: another content on line %d", name, b.Line)
			}
		}
	}
}

func TestFindHeaders(t *testing.T) {
	want := map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00112233445566778899AABBCCDDEEFF"}
	block := Block{Label: "RSA PRIVATE KEY", Headers: want, Bytes: []byte{1, 2, 3}}
	text := string(block.Encode())
	theirs := stdpem.EncodeToMemory(&stdpem.Block{Type: block.Label, Headers: want, Bytes: block.Bytes})
	if text != string(theirs) {
		t.Errorf("Encode() = %q, want %q", text, theirs)
	}
	for _, text := range []string{
		text,
		strings.ReplaceAll(text, "\n", "\r\n"),
		strings.ReplaceAll(text, "\n", " "),
		strings.Replace(text, "AES-256-CBC,", "AES-256-CBC,\n ", 1),
	} {
		blocks, err := Find([]byte(text))
		if err != nil || len(blocks) != 1 {
			t.Errorf("%q: %d blocks, %v", text, len(blocks), err)
			continue
		}
		if got := blocks[0]; fmt.Sprint(got.Headers) != fmt.Sprint(want) || !bytes.Equal(got.Bytes, block.Bytes) {
			t.Errorf("%q: %v %x", text, got.Headers, got.Bytes)
		}
	}
}

func TestFindErrors(t *testing.T) {
	text := string(Encode("CERTIFICATE", sample()))
	lines := strings.SplitAfter(text, "\n")
	rest := strings.Join(lines[1:], "")
	for _, c := range []struct{ name, text, want string }{
		{"no end", strings.Join(lines[:3], ""), `line 1: the block "CERTIFICATE" has no end; the text is cut short, or the line -----END CERTIFICATE----- is damaged`},
		{"end damaged", strings.TrimSuffix(text, "----\n"), `line 1: the block "CERTIFICATE" has no end; the text is cut short, or the line -----END CERTIFICATE----- is damaged`},
		{"no begin", "x\n" + rest, `line 7: the end of a block "CERTIFICATE" stands without its begin; the line -----BEGIN CERTIFICATE----- is missing or damaged`},
		{"second block has no begin", text + rest, `line 13: the end of a block "CERTIFICATE" stands without its begin; the line -----BEGIN CERTIFICATE----- is missing or damaged`},
		{"labels differ", strings.Replace(text, "END CERTIFICATE", "END X509 CRL", 1), `line 7: the block that begins on line 1 as "CERTIFICATE" ends here as "X509 CRL"; make both labels the same, or look for a lost line between them`},
		{"odd character", "\n" + strings.Replace(text, lines[2][:1], "@", 1), ""},
		{"text after padding", "-----BEGIN X-----\nMAA=\nMAA=\n-----END X-----", `line 3: the base64 goes on after its end, the equals sign; two texts may have run into each other (in the block "X" that begins on line 1)`},
		{"lost character", "-----BEGIN X-----\nMAAAA\n-----END X-----", `line 3: the base64 has 5 characters, which cannot be; some were lost or added (in the block "X" that begins on line 1)`},
		{"character outside", "-----BEGIN X-----\nMA\nAé\n-----END X-----", `line 3: the character 'é' does not belong in base64; take it out, or get the text again (in the block "X" that begins on line 1)`},
		{"empty block", "-----BEGIN X-----\n-----END X-----", `line 1: there is no base64 between begin and end (in the block "X" that begins on line 1)`},
		{"OpenPGP", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----", `line 1: this is an OpenPGP block (PGP PUBLIC KEY BLOCK), which holds no X.509 object`},
		{"nothing", "<html>x</html>", "no PEM, base64 or DER is in it: it looks like an HTML page"},
	} {
		blocks, err := Find([]byte(c.text))
		if err == nil || blocks != nil {
			t.Errorf("%s: %d blocks, %v; want an error alone", c.name, len(blocks), err)
			continue
		}
		if c.want != "" && err.Error() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, err, c.want)
		}
		if errors.Is(err, ErrNothing) != (c.name == "nothing") {
			t.Errorf("%s: errors.Is(ErrNothing) is wrong", c.name)
		}
	}
}

func TestDescribe(t *testing.T) {
	der := sample()
	text := string(Encode("CERTIFICATE", der))
	for want, data := range map[string]string{
		"an empty file":                     "",
		"a file of blanks alone":            " \n\t",
		"an HTML page":                      "\n<!DOCTYPE html><html>",
		"an XML document":                   "<?xml version='1.0'?>",
		"an HTTP answer":                    "HTTP/1.1 404 Not Found\r\n",
		"JSON":                              `{"a":1}`,
		"JSON that is cut short or damaged": `{"a":`,
		"a JSON Web Key (JWK)":              `{"kty":"EC","crv":"P-256"}`,
		"an SSH public key line":            "ssh-ed25519 AAAAC3 me@host",
		"an SSH2 public key (RFC 4716)":     "---- BEGIN SSH2 PUBLIC KEY ----",
		"a PuTTY private key":               "PuTTY-User-Key-File-3: ssh-ed25519",
		"an OpenPGP block":                  "-----BEGIN PGP MESSAGE-----",
		"an SPKAC file":                     "SPKAC=MIIB\nCN=a",
		"PEM (CERTIFICATE)":                 text,
		"PEM whose first line is cut off":   text[20:],
		"PEM whose first line is damaged":   "-----BEGIN CERT\nMIIB\n",
		"PEM with labels in another language, and base64 that is cut short or damaged": "-----НАЧАЛО Х-----\nMIIB\n-----КОНЕЦ Х-----",
		"DER":                              string(der),
		"DER that is cut short":            string(der[:50]),
		"DER with something else after it": string(der) + "abc",
		"the base64 of DER that is cut short or damaged":             "MIIB" + strings.Repeat("A", 60),
		"base64 of something that is not DER":                        strings.Repeat("xyz1", 20),
		"hexadecimal digits, which xxd -r -p FILE turns into octets": "30 82 01 0a 02 82 01 01 00",
		"a configuration file":                                       "[ req ]\nprompt = no\n",
		"plain text":                                                 "hello, world",
		"binary data":                                                "\x01\x02\x00\xff",
		"a ZIP archive":                                              "PK\x03\x04....",
		"a PDF document":                                             "%PDF-1.7",
		"a Java keystore (JKS)":                                      "\xfe\xed\xfe\xed\x00\x00",
		"the printed text of a certificate, without the certificate itself": "Certificate:\n    Data:\n",
		"the printed text of a request, without the request itself":         "Certificate Request:\n    Data:\n",
	} {
		if got := Describe([]byte(data)); got != want {
			t.Errorf("Describe(%.30q) = %q, want %q", data, got, want)
		}
	}
}

func TestManyBlocksAreReadOnce(t *testing.T) {
	one := string(Encode("CERTIFICATE", sample()))
	const count = 10_000
	data := []byte(strings.Repeat(one, count))
	blocks, err := Find(data)
	if err != nil || len(blocks) != count {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	if got, want := blocks[count-1].Line, 1+(count-1)*strings.Count(one, "\n"); got != want {
		t.Errorf("the last block is on line %d, want %d", got, want)
	}
}

func TestEncodeAgreesWithStandardLibrary(t *testing.T) {
	for n := range 200 {
		der := bytes.Repeat([]byte{byte(n)}, n)
		want := stdpem.EncodeToMemory(&stdpem.Block{Type: "X509 CRL", Bytes: der})
		if got := Encode("X509 CRL", der); !bytes.Equal(got, want) {
			t.Fatalf("%d octets: %q, want %q", n, got, want)
		}
	}
}

func TestFindReadsOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("the openssl command is missing; install the package openssl")
	}
	dir := t.TempDir()
	run := func(args ...string) []byte {
		out, err := exec.Command("openssl", args...).Output()
		if err != nil {
			t.Fatalf("openssl %s: %v", strings.Join(args, " "), err)
		}
		return out
	}
	key, request := filepath.Join(dir, "key"), filepath.Join(dir, "csr")
	run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
	run("req", "-new", "-key", key, "-subj", "/CN=a", "-newhdr", "-text", "-out", request)
	der := run("req", "-in", request, "-outform", "DER")
	text, err := os.ReadFile(request)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Find(text)
	if err != nil || len(blocks) != 1 || blocks[0].Label != "NEW CERTIFICATE REQUEST" || !bytes.Equal(blocks[0].Bytes, der) {
		t.Fatalf("%v, %v", blocks, err)
	}
	encrypted, err := Find(run("ec", "-in", key, "-aes128", "-passout", "pass:test"))
	if err != nil || len(encrypted) != 1 || encrypted[0].Headers["Proc-Type"] != "4,ENCRYPTED" || !strings.HasPrefix(encrypted[0].Headers["DEK-Info"], "AES-128-CBC,") {
		t.Fatalf("%v, %v", encrypted, err)
	}
}

func FuzzParse(f *testing.F) {
	text := string(Encode("CERTIFICATE", sample()))
	f.Add([]byte(text))
	f.Add([]byte(text + text))
	f.Add(sample())
	f.Add([]byte(strings.ReplaceAll(text, "\n", " ")))
	f.Add([]byte("\xff\xfe" + string(utf16File(text, "le"))))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(text))))
	f.Add([]byte("-----НАЧАЛО Х----- MAA= -----КОНЕЦ Х-----"))
	f.Add([]byte("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,\n B\n\nMAA=\n-----END X-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Describe(data)
		blocks, err := Find(data)
		if err != nil && blocks != nil {
			t.Fatal("blocks beside an error")
		}
		for _, b := range blocks {
			again, err := Find(Encode("X", b.Bytes))
			if err != nil || len(again) != 1 || !bytes.Equal(again[0].Bytes, b.Bytes) {
				t.Fatalf("%x does not come back: %v", b.Bytes, err)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	text, err := os.ReadFile(filepath.Join("testdata", "translated.txt"))
	if err != nil {
		b.Fatal(err)
	}
	blocks, err := Find(text)
	if err != nil {
		b.Fatal(err)
	}
	text = Encode("CERTIFICATE REQUEST", blocks[0].Bytes)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Find(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/pem", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if block, _ := stdpem.Decode(text); block == nil {
				b.Fatal("nothing found")
			}
		}
	})
}
