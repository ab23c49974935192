package front

import (
	"io/fs"
	"os"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/pem"
)

// Replace is Write for certificates and revocation lists, which can be had
// again: they replace a file that holds nothing else. A file that holds
// a private key or something unknown stays as it is, and so does one that was
// read for this.
func (s *Shell) Replace(name string, data []byte, mode fs.FileMode) error {
	if err := s.NotRead(name); err != nil {
		return err
	}
	return s.Renew(name, data, mode)
}

// Renew is Replace where the file that was read may be replaced by what was
// made of it.
func (s *Shell) Renew(name string, data []byte, mode fs.FileMode) error {
	if err := Replaceable(name); err != nil {
		return err
	}
	return s.Write(name, data, mode, true)
}

// NotRead is a failure where the file was read by this command, and writing it
// would destroy what it was told to use.
func (s *Shell) NotRead(name string) error {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.Mode().IsRegular() {
		return nil
	}
	for _, input := range s.read {
		if os.SameFile(info, input) {
			return &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: name + " is read by this command, and cannot be its output, too", Fix: "choose another name with --out"}
		}
	}
	return nil
}

// Replaceable is a failure where a file of that name exists and holds
// anything but certificates and revocation lists.
func Replaceable(name string) error {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	if info.Size() > LargestInput {
		return keep(name, "is too large to be a certificate")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return keep(name, "exists already and holds no certificate")
	}
	for _, b := range blocks {
		switch {
		case strings.Contains(b.Label, "PRIVATE KEY"):
			return keep(name, "holds a private key")
		case !replaceable(b):
			return keep(name, "exists already and holds more than certificates")
		}
	}
	return nil
}

func keep(name, why string) error {
	return &Failure{Exit: ExitFailed, Code: CodeExists, Detail: name + " " + why + ", and is not overwritten", Fix: "choose another name, or move that file away"}
}

// replaceable reports whether a block can be had again.
func replaceable(b pem.Block) bool {
	switch b.Label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL", "PKCS7", "CMS":
		return true
	}
	if _, err := cert.Parse(b.Bytes); err == nil {
		return true
	}
	if _, err := crl.Parse(b.Bytes); err == nil {
		return true
	}
	return isSignedData(b.Bytes)
}

// isSignedData reports whether DER is a PKCS#7 message with a signed content
// type (RFC 2315, Section 9), such as a bundle of certificates.
func isSignedData(der []byte) bool {
	const signedData = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	return strings.Contains(string(der[:min(len(der), 24)]), signedData)
}
