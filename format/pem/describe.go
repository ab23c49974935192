package pem

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
)

// Describe says what data look like, for an error that has to name what came
// instead of what was wanted: "an HTML page", "an empty file".
func Describe(data []byte) string {
	if len(data) == 0 {
		return "an empty file"
	}
	if name := magic(data); name != "" {
		return name
	}
	if data[0] == byte(der.Sequence) && len(data) > 1 && data[1] >= 0x80 {
		return describeDER(data)
	}
	text := toUTF8(data)
	trimmed := bytes.TrimFunc(text, isBlank)
	if len(trimmed) == 0 {
		return "a file of blanks alone"
	}
	if name := describeText(trimmed); name != "" {
		return name
	}
	if !utf8.Valid(trimmed) || bytes.IndexByte(trimmed, 0) >= 0 {
		if data[0] == byte(der.Sequence) {
			return describeDER(data)
		}
		return "binary data"
	}
	return "plain text"
}

// magic knows files by the octets they begin with.
func magic(data []byte) string {
	for _, known := range []struct{ prefix, name string }{
		{"PK\x03\x04", "a ZIP archive"},
		{"\x1f\x8b", "gzip data"},
		{"%PDF", "a PDF document"},
		{"\x89PNG", "a PNG image"},
		{"\xff\xd8\xff", "a JPEG image"},
		{"GIF8", "a GIF image"},
		{"\xfe\xed\xfe\xed", "a Java keystore (JKS)"},
		{"\xce\xce\xce\xce", "a Java keystore (JCEKS)"},
		{"\x7fELF", "a program"},
		{"MZ\x90\x00", "a program"},
		{"\xd0\xcf\x11\xe0", "an Office document"},
		{"SQLite format 3\x00", "an SQLite database"},
		{"Salted__", "data encrypted by openssl enc"},
		{"\x1e\xf1\xb5\xb0", "a Microsoft PVK private key"},
		{"openssh-key-v1\x00", "an OpenSSH private key without its PEM lines"},
	} {
		if bytes.HasPrefix(data, []byte(known.prefix)) {
			return known.name
		}
	}
	return ""
}

func describeDER(data []byte) string {
	if data[1] == 0x80 || findDER(data) != nil {
		return "DER"
	}
	r := der.Reader(data)
	if _, err := r.Next(); err != nil {
		return "DER that is cut short"
	}
	return "DER with something else after it"
}

// describeText knows texts by how they begin.
func describeText(text []byte) string {
	head := strings.ToLower(string(text[:min(len(text), 512)]))
	for _, known := range []struct{ prefix, name string }{
		{"<!doctype html", "an HTML page"},
		{"<html", "an HTML page"},
		{"<head", "an HTML page"},
		{"<?xml", "an XML document"},
		{"http/1.", "an HTTP answer"},
		{"http/2", "an HTTP answer"},
		{"ssh-rsa ", "an SSH public key line"},
		{"ssh-dss ", "an SSH public key line"},
		{"ssh-ed25519 ", "an SSH public key line"},
		{"ecdsa-sha2-", "an SSH public key line"},
		{"sk-ssh-", "an SSH public key line"},
		{"sk-ecdsa-", "an SSH public key line"},
		{"---- begin ssh2", "an SSH2 public key (RFC 4716)"},
		{"putty-user-key-file", "a PuTTY private key"},
		{"spkac=", "an SPKAC file"},
		{"certificate:", "the printed text of a certificate, without the certificate itself"},
		{"certificate request:", "the printed text of a request, without the request itself"},
		{"-----begin pgp", "an OpenPGP block"},
	} {
		if strings.HasPrefix(head, known.prefix) {
			return known.name
		}
	}
	if text[0] == '{' || text[0] == '[' {
		if name := describeJSON(text); name != "" {
			return name
		}
	}
	s := newScanner(text)
	if b, ok := s.next(); ok && b.kind == begin {
		return "PEM (" + b.label + ")"
	} else if ok && b.kind == end {
		return "PEM whose first line is cut off"
	} else if ok && damagedForeign(&s, b) {
		return "PEM with labels in another language, and base64 that is cut short or damaged"
	}
	return describeAlphabet(text)
}

// damagedForeign reports a boundary in another language that something like
// the base64 of DER follows.
func damagedForeign(s *scanner, b boundary) bool {
	body := s.text[b.end:]
	if closing, ok := s.next(); ok {
		body = s.text[b.end:closing.start]
	}
	return bytes.HasPrefix(bytes.TrimLeftFunc(body, isBlank), []byte("MI"))
}

func describeJSON(text []byte) string {
	if !json.Valid(text) {
		if text[0] == '{' {
			return "JSON that is cut short or damaged"
		}
		return "" // a configuration file begins with a bracket too
	}
	if bytes.Contains(text, []byte(`"kty"`)) {
		return "a JSON Web Key (JWK)"
	}
	return "JSON"
}

// describeAlphabet knows texts by the characters they are made of.
func describeAlphabet(text []byte) string {
	hexadecimal, encoded := true, true
	for _, c := range text {
		blank := c == ' ' || c == '\n' || c == '\r' || c == '\t'
		hexadecimal = hexadecimal && (blank || c == ':' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f')
		encoded = encoded && (c == '\n' || c == '\r' || isBase64(c) || c == '=' || c == '-' || c == '_')
	}
	switch {
	case bytes.HasPrefix(text, []byte("-----")):
		return "PEM whose first line is damaged"
	case hexadecimal && len(text) >= 16:
		return "hexadecimal digits, which xxd -r -p FILE turns into octets"
	case encoded && len(text) >= 40:
		if bytes.HasPrefix(text, []byte("MI")) {
			return "the base64 of DER that is cut short or damaged"
		}
		return "base64 of something that is not DER"
	case text[0] == '[' && bytes.IndexByte(text, ']') > 0:
		return "a configuration file"
	}
	return ""
}
