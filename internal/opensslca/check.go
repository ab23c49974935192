package opensslca

import (
	"bytes"
	"fmt"
)

// check looks at the columns of one entry, in the order that OpenSSL does.
func check(fields [columns][]byte, n int) *Fault {
	if n != columns {
		return &Fault{Kind: BadColumns, Text: fmt.Sprintf("it has %d columns, and an entry has %d with tabs between", n, columns)}
	}
	status, expiry, revocation, serial := fields[0], fields[1], fields[2], fields[3]
	if len(status) == 0 || bytes.IndexByte([]byte("VRE"), status[0]) < 0 {
		return &Fault{Kind: BadStatus, Value: string(status), Text: fmt.Sprintf("the flag is %q, and it is V, R or E", clip(status))}
	}
	if status[0] == byte(Revoked) {
		if _, err := ParseRevocation(plain(revocation)); err != nil {
			return &Fault{Kind: BadRevocation, Value: string(revocation), Text: err.Error()}
		}
	} else if len(revocation) > 0 {
		return &Fault{Kind: NotRevoked, Value: string(revocation), Text: "there is a date of revocation, and the entry is not revoked"}
	}
	if !timely(expiry) {
		return &Fault{Kind: BadExpiry, Value: string(expiry), Text: fmt.Sprintf("the date of expiry is %q, and it is of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ", clip(expiry))}
	}
	return checkSerial(serial)
}

func checkSerial(serial []byte) *Fault {
	digits := bytes.TrimPrefix(serial, []byte("-"))
	if len(digits) == 0 || len(digits)%2 != 0 {
		return &Fault{Kind: BadSerialLength, Value: string(serial), Text: fmt.Sprintf("the serial number %q does not have an even number of digits", clip(serial))}
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') && (c < 'a' || c > 'f') {
			return &Fault{Kind: BadSerialDigit, Value: string(c), Text: fmt.Sprintf("the serial number %q is not hexadecimal", clip(serial))}
		}
	}
	return nil
}

// timely is Time without an answer: one look at each octet, which is all that
// most lines of a large index need.
func timely(text []byte) bool {
	n := len(text)
	if n != 13 && n != 15 || text[n-1] != 'Z' {
		return false
	}
	for _, c := range text[:n-1] {
		if c < '0' || c > '9' {
			return false
		}
	}
	at := n - 11
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	if month := two(at); month < 1 || month > 12 {
		return false
	}
	if day := two(at + 2); day < 1 || day > 31 {
		return false
	} else if day > 28 {
		_, err := Time(string(text))
		return err == nil
	}
	return two(at+4) < 24 && two(at+6) < 60 && two(at+8) < 60
}

// fourDigitYear writes a timely time with a year of four digits, to be compared.
func fourDigitYear(text []byte) []byte {
	if len(text) == 15 {
		return text[:14]
	}
	century := "20"
	if text[0] >= '5' {
		century = "19"
	}
	return append([]byte(century), text[:12]...)
}
