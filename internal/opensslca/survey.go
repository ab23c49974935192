package opensslca

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
)

// Survey is what was found in a folder that an authority was run in: with an
// index (as OpenSSL's ca and easy-rsa have it), or a folder of files.
type Survey struct {
	Folder      string
	IndexFile   string            // relative to Folder; empty where there is none
	Certificate *cert.Certificate // the authority's; nil where none was found
	CertFile    string
	KeyFile     string // relative to Folder; empty where none was found
	Entries     []Found
	Serial      []byte // the next; nil where it is not known
	CRLNumber   []byte // the next; nil where it is not known
	Attributes  Attributes
	Faults      []string
	Notes       []string // what is left out without harm
}

// Found is a certificate of the authority.
type Found struct {
	Entry       Entry
	Line        int               // of the index; 0 where there is none
	Certificate *cert.Certificate // nil where its file is missing
	Revocation  Revocation        // of revoked ones
}

// largestFile and mostFiles bound what is read of a folder.
const (
	largestFile = 1 << 20
	mostFiles   = 2_000_000
)

// Look surveys a folder. oneline is how subjects stand in an index. The error
// says that it cannot be read at all; all else that looks wrong is among the
// faults.
func Look(folder string, oneline func(dn.Name) string) (*Survey, error) {
	for _, below := range []string{"", "demoCA", "pki"} {
		if _, err := os.Stat(filepath.Join(folder, below, "index.txt")); err == nil {
			folder = filepath.Join(folder, below)
			break
		}
	}
	s := &Survey{Folder: folder}
	p := &pile{bySerial: map[string][]*cert.Certificate{}, unread: map[string]string{}}
	if err := p.gather(folder); err != nil {
		return nil, fmt.Errorf("reading the folder: %w", err)
	}
	for _, name := range p.leftovers {
		s.note("%s: left by a call that was stopped, and passed over", name)
	}
	s.chooseAuthority(p)
	s.chooseKey(p)
	data, err := os.ReadFile(filepath.Join(folder, "index.txt"))
	switch {
	case err == nil:
		s.IndexFile = "index.txt"
		s.takeIndex(Parse(data), p, oneline)
	case errors.Is(err, fs.ErrNotExist):
		s.takeFiles(p)
	default:
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	s.Serial = s.number("serial")
	s.checkSerial()
	attributes, err := os.ReadFile(filepath.Join(folder, "index.txt.attr"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the attributes of the index: %w", err)
	}
	s.Attributes = ParseAttributes(attributes)
	s.CRLNumber = s.number("crlnumber")
	s.takeLists(p)
	return s, nil
}

func (s *Survey) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

func (s *Survey) fault(format string, args ...any) {
	s.Faults = append(s.Faults, fmt.Sprintf(format, args...))
}

// pile is every object in a folder.
type pile struct {
	certificates []*cert.Certificate
	files        map[*cert.Certificate]string
	bySerial     map[string][]*cert.Certificate
	objects      int // how many were understood
	keys         []string
	lists        []*crl.List
	leftovers    []string
	unread       map[string]string // files that should have a certificate and have none, by their name without folder and ending
}

// gather reads every file of a folder that looks like PEM or DER.
func (p *pile) gather(folder string) error {
	p.files = map[*cert.Certificate]string{}
	seen := map[[32]byte]bool{}
	count := 0
	return filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if count++; count > mostFiles {
			return fmt.Errorf("there are more than %d files in it", mostFiles)
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > largestFile {
			return nil
		}
		relative, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		if isLeftover(relative) {
			p.leftovers = append(p.leftovers, relative)
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		before := p.objects
		if p.sort(relative, data, seen); p.objects == before {
			p.setAside(relative)
		}
		return nil
	})
}

// setAside remembers a file that is named as certificates are, and has nothing
// that can be read.
func (p *pile) setAside(name string) {
	ending := filepath.Ext(name)
	if slices.Contains([]string{".pem", ".crt", ".cer", ".der"}, strings.ToLower(ending)) {
		p.unread[strings.ToUpper(strings.TrimSuffix(filepath.Base(name), ending))] = name
	}
}

func (p *pile) sort(name string, data []byte, seen map[[32]byte]bool) {
	blocks := []pem.Block{{Bytes: data}}
	if len(data) == 0 || data[0] != 0x30 {
		if !bytes.Contains(data, []byte("-----BEGIN ")) {
			return
		}
		blocks, _ = pem.Find(data)
	}
	for _, b := range blocks {
		switch {
		case strings.HasSuffix(b.Label, "PRIVATE KEY"):
			p.keys = append(p.keys, name)
			p.objects++
		case b.Label == "X509 CRL":
			if l, err := crl.Parse(b.Bytes); err == nil {
				p.lists = append(p.lists, l)
				p.objects++
			}
		case b.Label == "" || b.Label == "CERTIFICATE" || b.Label == "X509 CERTIFICATE":
			c, err := cert.Parse(b.Bytes)
			if err != nil {
				continue
			}
			if p.objects++; seen[c.Fingerprint()] {
				continue
			}
			seen[c.Fingerprint()] = true
			p.certificates = append(p.certificates, c)
			p.files[c] = name
			serial := FormatNumber(c.Serial.Bytes())
			p.bySerial[serial] = append(p.bySerial[serial], c)
		}
	}
}

// chooseAuthority finds the authority's own certificate: by the names it
// usually has, else the one that most others are signed under.
func (s *Survey) chooseAuthority(p *pile) {
	issued := map[string]int{}
	for _, c := range p.certificates {
		issued[string(c.Issuer.Raw)]++
	}
	best := 0
	for _, c := range p.certificates {
		if !isAuthority(c) {
			continue
		}
		weight := 1 + issued[string(c.Subject.Raw)]
		if slices.Contains([]string{"cacert.pem", "ca.crt", "ca.pem", "ca.cert.pem", filepath.Join("certs", "ca.cert.pem")}, p.files[c]) {
			weight += len(p.certificates) + 1
		}
		if weight > best {
			best, s.Certificate, s.CertFile = weight, c, p.files[c]
		}
	}
	if s.Certificate == nil {
		s.fault("there is no certificate of an authority in the folder (cacert.pem, ca.crt)")
	}
}

func isAuthority(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.BasicConstraints)
	if !ok {
		return c.Version < 3 && c.SelfIssued()
	}
	b, err := ext.ParseBasicConstraints(e.Value)
	return err == nil && b.CA
}

// chooseKey finds the file of the authority's key by the names it usually has;
// a single key needs no name.
func (s *Survey) chooseKey(p *pile) {
	for _, name := range []string{"private/cakey.pem", "private/ca.key", "private/ca.key.pem", "cakey.pem", "ca.key", "ca-key.pem"} {
		if name = filepath.FromSlash(name); slices.Contains(p.keys, name) {
			s.KeyFile = name
			return
		}
	}
	if keys := slices.Compact(p.keys); len(keys) == 1 {
		s.KeyFile = keys[0]
		return
	}
	s.fault("the authority's private key is not in the folder under a name that is known (private/cakey.pem, private/ca.key)")
}

// takeIndex goes through the lines of an index.
func (s *Survey) takeIndex(x *Index, p *pile, oneline func(dn.Name) string) {
	bad := map[int]bool{}
	for f := range x.Faults(false) {
		bad[f.Entry-1] = true
		s.fault("%s, %v", s.IndexFile, f)
	}
	listed := map[*cert.Certificate]bool{}
	for i, e := range x.All() {
		if bad[i] {
			continue
		}
		f := Found{Entry: e, Line: x.Line(i)}
		if e.Status == Revoked {
			f.Revocation, _ = ParseRevocation(e.Revocation) // a fault where it cannot be read
		}
		serial, _ := ParseNumber([]byte(e.Serial))
		for _, c := range p.bySerial[FormatNumber(serial)] {
			if s.signed(c) {
				f.Certificate, listed[c] = c, true
			}
		}
		s.checkFound(f, p, oneline)
		s.Entries = append(s.Entries, f)
	}
	for _, c := range p.certificates {
		if listed[c] || c == s.Certificate || !s.signed(c) {
			continue
		}
		if filepath.Base(filepath.Dir(p.files[c])) == "newcerts" {
			// OpenSSL writes it there before the index, and leaves it where it is stopped.
			s.note("%s: the certificate with the serial number %s (%s) is not in the index, and was not issued by its account", p.files[c], FormatNumber(c.Serial.Bytes()), c.Subject)
		} else {
			s.fault("%s: the certificate with the serial number %s (%s) is not in the index", p.files[c], FormatNumber(c.Serial.Bytes()), c.Subject)
		}
	}
}

// checkFound compares a line of the index with its certificate.
func (s *Survey) checkFound(f Found, p *pile, oneline func(dn.Name) string) {
	e := f.Entry
	broken, ok := p.unread[strings.ToUpper(e.Serial)]
	switch {
	case f.Certificate == nil && ok:
		s.fault("%s, line %d: the file %s has no certificate that can be read, and should have the one with the serial number %s (%s)", s.IndexFile, f.Line, broken, e.Serial, e.Subject)
	case f.Certificate == nil:
		s.fault("%s, line %d: no file in the folder has the certificate with the serial number %s (%s)", s.IndexFile, f.Line, e.Serial, e.Subject)
	case !sameSubject(e, oneline(f.Certificate.Subject)):
		s.fault("%s, line %d: the subject is %s, and that of the certificate with the serial number %s is %s", s.IndexFile, f.Line, e.Subject, e.Serial, oneline(f.Certificate.Subject))
	}
}

// sameSubject compares the values of a subject. The names of attributes are
// passed over: other versions of OpenSSL have other ones (Email, UID).
func sameSubject(e Entry, subject string) bool {
	if e.Subject == subject || subject == "" && e.Subject == e.Serial {
		return true
	}
	kind := regexp.MustCompile(`([/+])[A-Za-z0-9. -]+=`)
	return kind.ReplaceAllString(e.Subject, "$1=") == kind.ReplaceAllString(subject, "$1=")
}

// checkSerial goes past serial numbers that are taken.
func (s *Survey) checkSerial() {
	now := FormatNumber(s.Serial)
	at := slices.IndexFunc(s.Entries, func(f Found) bool { return f.Entry.Serial == now })
	if s.Serial == nil || at < 0 {
		return
	}
	taken := map[string]bool{}
	for _, f := range s.Entries {
		taken[f.Entry.Serial] = true
	}
	for taken[FormatNumber(s.Serial)] {
		s.Serial = Next(s.Serial)
	}
	s.fault("serial: the next serial number is %s, and %s has it already; the first that is free is %s", now, s.Entries[at].Entry.Subject, FormatNumber(s.Serial))
}

// takeFiles takes every certificate that the authority signed.
func (s *Survey) takeFiles(p *pile) {
	for _, c := range p.certificates {
		if c == s.Certificate || !s.signed(c) {
			continue
		}
		serial := FormatNumber(c.Serial.Bytes())
		for _, other := range p.bySerial[serial] {
			if other != c && s.signed(other) && p.files[other] < p.files[c] {
				s.fault("%s: the serial number %s is that of the certificate in %s too", p.files[c], serial, p.files[other])
			}
		}
		s.Entries = append(s.Entries, Found{Certificate: c, Entry: Entry{
			Status: Valid, Expiry: FormatTime(c.NotAfter), Serial: serial, File: "unknown", Subject: c.Subject.Slash(),
		}})
	}
}

func (s *Survey) signed(c *cert.Certificate) bool {
	return s.Certificate != nil && c.Issuer.Equal(s.Certificate.Subject) && c.CheckSignature(s.Certificate.PublicKey) == nil
}

// takeLists takes from revocation lists what a folder without an index does
// not say, and the number that comes after the newest.
func (s *Survey) takeLists(p *pile) {
	for _, l := range p.lists {
		if s.Certificate == nil || l.CheckSignature(s.Certificate.PublicKey) != nil {
			continue
		}
		if n := l.Number(); n != nil && n.Sign() >= 0 && s.IndexFile == "" {
			if next := Next(n.Bytes()); len(next) > len(s.CRLNumber) || len(next) == len(s.CRLNumber) && bytes.Compare(next, s.CRLNumber) > 0 {
				s.CRLNumber = next
			}
		}
		if s.IndexFile != "" {
			continue
		}
		for e, err := range l.Entries() {
			if err != nil {
				s.fault("a revocation list is broken: %v", err)
				break
			}
			s.revoke(e)
		}
	}
}

func (s *Survey) revoke(e crl.Entry) {
	serial := FormatNumber(e.Serial)
	for i := range s.Entries {
		if f := &s.Entries[i]; f.Entry.Serial == serial {
			f.Revocation = Revocation{At: e.Revoked, Reason: e.Reason, Compromised: e.InvalidityDate}
			f.Entry.Status, f.Entry.Revocation = Revoked, f.Revocation.String()
			return
		}
	}
	s.fault("the certificate with the serial number %s is in a revocation list, and no file in the folder has it", serial)
}

// number reads a file of a number, where there is one.
func (s *Survey) number(name string) []byte {
	number, err := ReadNumber(filepath.Join(s.Folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		s.fault("%s: %v", name, err)
		return nil
	}
	return number
}
