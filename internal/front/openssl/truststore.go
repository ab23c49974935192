package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// anchor is a certificate that is trusted, with what it is trusted for.
type anchor struct {
	*cert.Certificate
	trust *text.Trust // nil where nothing is said
}

// truststore is what -CAfile, -CApath and -CAstore name: certificates and
// lists, and folders that are looked into by the hash of a name.
type truststore struct {
	anchors []anchor
	lists   []*crl.List
	folders []string
	call    *call
}

// systemFile and systemFolder are where OpenSSL's installations keep what is
// trusted by all.
func (c *call) systemFile() string {
	if v := c.Getenv("SSL_CERT_FILE"); v != "" {
		return v
	}
	return "/usr/lib/ssl/cert.pem"
}

func (c *call) systemFolder() string {
	if v := c.Getenv("SSL_CERT_DIR"); v != "" {
		return v
	}
	return "/usr/lib/ssl/certs"
}

// store opens what the options name; what the system trusts is added for the
// kinds that were not named.
func (c *call) store() (*truststore, error) {
	s := &truststore{call: c}
	if file := c.text("CAfile"); file != "" {
		if err := s.addFile(file); err != nil {
			return nil, because("Error loading file "+file, err)
		}
	} else if !c.has("no-CAfile") {
		_ = s.addFile(c.systemFile()) // systems without one trust nothing by it
	}
	if path := c.text("CApath"); path != "" {
		s.folders = append(s.folders, filepath.SplitList(path)...)
	} else if !c.has("no-CApath") {
		s.folders = append(s.folders, filepath.SplitList(c.systemFolder())...)
	}
	if place := c.text("CAstore"); place != "" {
		if err := s.addPlace(place); err != nil {
			return nil, because("Error loading store URI "+place, err)
		}
	}
	return s, nil
}

// addFile reads the certificates and lists of a file.
func (s *truststore) addFile(name string) error {
	data, err := os.ReadFile(s.call.path(name))
	if err != nil {
		return fmt.Errorf("%s: %s", name, reason(err))
	}
	before := len(s.anchors) + len(s.lists)
	s.addData(data)
	if len(s.anchors)+len(s.lists) == before {
		return errors.New("there is no certificate and no revocation list in it, but " + pem.Describe(data))
	}
	return nil
}

func (s *truststore) addData(data []byte) {
	found, _ := objects(data, certificateLabels()...)
	for _, raw := range found {
		if a, ok := newAnchor(raw); ok {
			s.anchors = append(s.anchors, a)
		}
	}
	found, _ = objects(data, listLabels()...)
	for _, raw := range found {
		if l, err := crl.Parse(raw); err == nil {
			s.lists = append(s.lists, l)
		}
	}
}

// newAnchor reads a certificate and what it is trusted for.
func newAnchor(raw []byte) (anchor, bool) {
	whole := withoutTrust(raw)
	parsed, err := cert.Parse(whole)
	if err != nil {
		return anchor{}, false
	}
	a := anchor{Certificate: parsed}
	if len(whole) < len(raw) {
		if _, trust, err := text.ReadTrusted(raw); err == nil {
			a.trust = trust
		}
	}
	return a, true
}

// addPlace reads a file, or all files of a folder.
func (s *truststore) addPlace(place string) error {
	name, isURI := strings.CutPrefix(place, "file:")
	if rest, ok := strings.CutPrefix(name, "//"); isURI && ok {
		host, path, _ := strings.Cut(rest, "/")
		if host != "" && host != "localhost" {
			return fmt.Errorf("files of the host %s cannot be read here", host)
		}
		name = "/" + path
	}
	if _, err := os.Stat(s.call.path(name)); err != nil && isURI {
		name = place
	}
	info, err := os.Stat(s.call.path(name))
	if err != nil {
		return fmt.Errorf("%s: %s", name, reason(err))
	}
	if !info.IsDir() {
		return s.addFile(name)
	}
	entries, err := os.ReadDir(s.call.path(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if data, err := os.ReadFile(filepath.Join(s.call.path(name), e.Name())); err == nil {
			s.addData(data)
		}
	}
	return nil
}

// named returns the trusted certificates of this subject.
func (s *truststore) named(subject dn.Name) (found []anchor) {
	for _, a := range s.anchors {
		if a.Subject.Equal(subject) {
			found = append(found, a)
		}
	}
	for _, raw := range s.hashed(subject, "") {
		if a, ok := newAnchor(raw); ok && a.Subject.Equal(subject) {
			found = append(found, a)
		}
	}
	return found
}

// byName returns the first of named, nil where there is none.
func (s *truststore) byName(subject dn.Name) *cert.Certificate {
	if found := s.named(subject); len(found) > 0 {
		return found[0].Certificate
	}
	return nil
}

// listsOf returns the revocation lists of this issuer.
func (s *truststore) listsOf(issuer dn.Name) (found []*crl.List) {
	for _, l := range s.lists {
		if l.Issuer.Equal(issuer) {
			found = append(found, l)
		}
	}
	for _, raw := range s.hashed(issuer, "r") {
		if l, err := crl.Parse(raw); err == nil && l.Issuer.Equal(issuer) {
			found = append(found, l)
		}
	}
	return found
}

// hashed reads what folders hold under the hash of a name: HASH.0, HASH.1 …;
// lists have an r before the number.
func (s *truststore) hashed(name dn.Name, kind string) (found [][]byte) {
	labels := certificateLabels()
	if kind == "r" {
		labels = listLabels()
	}
	for _, folder := range s.folders {
		for n := range 256 {
			data, err := os.ReadFile(filepath.Join(s.call.path(folder), fmt.Sprintf("%s.%s%d", text.NameHash(name), kind, n)))
			if err != nil {
				break
			}
			list, _ := objects(bytes.TrimSpace(data), labels...)
			found = append(found, list...)
		}
	}
	return found
}
