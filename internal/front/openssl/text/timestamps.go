package text

import (
	"strconv"

	"github.com/certwright/certwright/format/der"
)

// timestamps is the list of signed certificate timestamps (RFC 6962, Section 3.3).
func timestamps(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	list := in.take(der.OctetString).Content
	if in.bad || len(list) < 2 || int(list[0])<<8|int(list[1]) != len(list)-2 {
		return unreadable
	}
	var all []sct
	for list = list[2:]; len(list) > 0; {
		if len(list) < 2 {
			return unreadable
		}
		n := int(list[0])<<8 | int(list[1])
		if n == 0 || n > len(list)-2 {
			return unreadable
		}
		one, ok := readSCT(list[2 : 2+n])
		if !ok {
			return unreadable
		}
		all = append(all, one)
		list = list[2+n:]
	}
	for i, one := range all {
		if i > 0 {
			w.WriteByte('\n')
		}
		one.write(w, indent)
	}
	return printed
}

// sct is a SignedCertificateTimestamp; one of an unknown version has raw alone.
type sct struct {
	raw             []byte
	log             []byte
	milliseconds    uint64
	extensions      []byte
	hash, algorithm byte
	signature       []byte
}

func readSCT(raw []byte) (s sct, ok bool) {
	s.raw = raw
	if raw[0] != 0 {
		return s, true
	}
	const fixed = 1 + 32 + 8 + 2
	if len(raw) < fixed {
		return s, false
	}
	s.log = raw[1:33]
	for _, c := range raw[33:41] {
		s.milliseconds = s.milliseconds<<8 | uint64(c)
	}
	n := int(raw[41])<<8 | int(raw[42])
	rest := raw[fixed:]
	if n > len(rest) {
		return s, false
	}
	s.extensions, rest = rest[:n], rest[n:]
	if len(rest) <= 4 {
		return s, false
	}
	s.hash, s.algorithm = rest[0], rest[1]
	n = int(rest[2])<<8 | int(rest[3])
	if rest = rest[4:]; n > len(rest) {
		return s, false
	}
	s.signature = rest[:n]
	return s, len(rest) == n && s.algorithmName() != ""
}

func (s sct) write(w *Writer, indent int) {
	field := func(name string) {
		w.WriteByte('\n')
		spaces(w, indent+4)
		w.WriteString(name)
	}
	spaces(w, indent)
	w.WriteString("Signed Certificate Timestamp:")
	field("Version   : ")
	if s.raw[0] != 0 {
		w.WriteString("unknown\n")
		spaces(w, indent+16)
		wrappedHex(w, s.raw, indent+16, 16)
		return
	}
	w.WriteString("v1 (0x0)")
	field("Log ID    : ")
	wrappedHex(w, s.log, indent+16, 16)
	field("Timestamp : ")
	s.writeTime(w)
	field("Extensions: ")
	if len(s.extensions) == 0 {
		w.WriteString("none")
	} else {
		wrappedHex(w, s.extensions, indent+16, 16)
	}
	field("Signature : ")
	w.WriteString(s.algorithmName())
	field("            ")
	wrappedHex(w, s.signature, indent+16, 16)
}

func (s sct) algorithmName() string {
	switch {
	case s.hash == 4 && s.algorithm == 3:
		return "ecdsa-with-SHA256"
	case s.hash == 4 && s.algorithm == 1:
		return "sha256WithRSAEncryption"
	}
	return ""
}

func (s sct) writeTime(w *Writer) {
	stamp := unixStamp(int64(s.milliseconds / 1000))
	ms := strconv.Itoa(int(1000 + s.milliseconds%1000))[1:]
	if len(stamp) == len("20060102150405") {
		writeTime(w, der.Element{Tag: der.GeneralizedTime, Content: []byte(stamp + "." + ms + "Z")})
	}
}
