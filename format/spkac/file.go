package spkac

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Field is one line of an SPKAC file besides the request: part of the subject
// the sender asks for, in the words of openssl-ca(1): "CN", "0.OU".
type Field struct {
	Name  string // without a leading number
	Value string
	Join  bool // the name began with "+": the attribute joins the one before in one RDN
	Line  int
}

// File is what `openssl ca -spkac` takes: a request, and the subject that a
// request of this kind has no room for.
type File struct {
	Request *Request
	Fields  []Field
}

// HasLine reports whether one of the lines of data is SPKAC=.
func HasLine(data []byte) bool {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if name, _, ok := bytes.Cut(line, []byte("=")); ok && string(bytes.TrimSpace(name)) == "SPKAC" {
			return true
		}
		data = rest
	}
	return false
}

// IsFile reports whether data are the lines of an SPKAC file, and no PEM.
func IsFile(data []byte) bool {
	return HasLine(data) && !bytes.HasPrefix(data, []byte("-----")) && !bytes.Contains(data, []byte("\n-----"))
}

// ParseFile reads an SPKAC file: lines of NAME=VALUE, of which SPKAC= holds the
// request in base64; or bare base64 as browsers posted it, line ends and all.
// As in OpenSSL's configuration files, a backslash joins a line with the next,
// and the section may be called default.
func ParseFile(text []byte) (*File, error) {
	var f File
	var encoded string
	found := false
	joined := ""
	for i, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		if before, more := strings.CutSuffix(line, "\\"); more {
			joined += before
			continue
		}
		line, joined = strings.TrimSpace(joined+line), ""
		if line == "" || line[0] == '#' || defaultSection(line) {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		switch {
		case ok && strings.TrimSpace(name) == "SPKAC":
			if found {
				return nil, fmt.Errorf("line %d has a second SPKAC: one file holds one request", i+1)
			}
			encoded, found = value, true
		case ok && fieldName(strings.TrimSpace(name)) && strings.Trim(value, "= ") != "":
			f.Fields = append(f.Fields, field(strings.TrimSpace(name), strings.TrimSpace(value), i+1))
		case base64Line(line) && len(f.Fields) == 0:
			encoded, found = encoded+line, true
		default:
			return nil, fmt.Errorf("line %d is neither NAME=VALUE nor base64", i+1)
		}
	}
	if joined != "" {
		return nil, errors.New("the last line ends in a backslash, and no other follows")
	}
	if !found {
		return nil, errors.New("the file has no line SPKAC=")
	}
	raw, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	if f.Request, err = Parse(raw); err != nil {
		return nil, err
	}
	return &f, nil
}

// Encode returns the line that openssl-spkac(1) writes and reads: "SPKAC=" and
// base64 without line ends.
func (r *Request) Encode() []byte {
	return []byte("SPKAC=" + base64.StdEncoding.EncodeToString(r.Raw) + "\n")
}

// Encode returns the lines of the file: the request, then the subject.
func (f *File) Encode() []byte {
	out := f.Request.Encode()
	times := map[string]int{}
	for _, field := range f.Fields {
		times[field.Name]++
	}
	seen := map[string]int{}
	for _, field := range f.Fields {
		name := field.Name
		if strings.Trim(name, "0123456789.") == "" {
			name = "OID." + name // else the number in front would be read as part of it
		}
		if field.Join {
			name = "+" + name
		}
		if times[field.Name] > 1 {
			name = fmt.Sprintf("%d.%s", seen[field.Name], name)
			seen[field.Name]++
		}
		out = fmt.Appendf(out, "%s=%s\n", name, field.Value)
	}
	return out
}

// field takes off the number that lets a name stand twice in a file, as in
// "0.OU" and "1.OU", and the "+" of a multi-valued RDN.
func field(name, value string, line int) Field {
	f := Field{Value: value, Line: line}
	if i := strings.IndexAny(name, ".,:"); i > 0 && strings.Trim(name[:i], "0123456789") == "" && strings.ContainsAny(name[i+1:], letters) {
		name = name[i+1:]
	}
	f.Name, f.Join = strings.CutPrefix(name, "+")
	return f
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func fieldName(name string) bool {
	return name != "" && strings.Trim(name, letters+"0123456789.,:+ -_") == "" && len(name) <= 64
}

// defaultSection reports whether the line is the heading [ default ].
func defaultSection(line string) bool {
	name, open := strings.CutPrefix(line, "[")
	name, closed := strings.CutSuffix(name, "]")
	return open && closed && strings.TrimSpace(name) == "default"
}

func base64Line(line string) bool {
	return strings.Trim(line, letters+"0123456789+/= ") == ""
}

func decode(text string) ([]byte, error) {
	compact := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	raw, err := base64.RawStdEncoding.DecodeString(compact)
	if err != nil {
		return nil, errors.New("the SPKAC is not base64")
	}
	return raw, nil
}
