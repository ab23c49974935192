package task

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/request"
)

// DirectoryImport is an authority that was run with OpenSSL or easy-rsa, to be
// taken in with what it issued.
type DirectoryImport struct {
	Import
	Survey  *opensslca.Survey
	Partial bool // bring what can be brought, whatever is missing
}

// DirectoryCount is what comes along from a directory.
type DirectoryCount struct {
	Certificates int // with their certificates
	Revoked      int // among them
	Missing      int // known by their lines of the index alone, which come along
	Gone         int // revoked ones among the missing
	CRLNumber    int64
}

// CountDirectory tells what an import would bring.
func CountDirectory(s *opensslca.Survey) DirectoryCount {
	n := DirectoryCount{CRLNumber: listNumber(s)}
	for _, f := range s.Entries {
		switch {
		case f.Certificate == nil:
			n.Missing++
			if f.Entry.Status == opensslca.Revoked {
				n.Gone++
			}
		case f.Entry.Status == opensslca.Revoked:
			n.Revoked++
			fallthrough
		default:
			n.Certificates++
		}
	}
	return n
}

func listNumber(s *opensslca.Survey) int64 {
	n := int64(0)
	for _, b := range s.CRLNumber {
		if n >= 1<<54 {
			return 0
		}
		n = n<<8 | int64(b)
	}
	return n
}

// ImportDirectory takes in an authority with its certificates, revocations and
// numbers. It signs nothing. One that was broken off can be repeated.
func ImportDirectory(ctx context.Context, o *Office, d DirectoryImport) (*authority.CA, DirectoryCount, error) {
	count := CountDirectory(d.Survey)
	if err := CheckDirectory(d.Survey, d.Partial); err != nil {
		return nil, count, err
	}
	d.Settings.FirstCRL = count.CRLNumber
	if err := d.recall(ctx, o.Store); err != nil {
		return nil, count, err
	}
	d.formerly(&d.Settings)
	ca, err := o.Store.CA(ctx, d.Name)
	if err != nil || len(ca.Chain) == 0 || string(ca.Chain[0]) != string(d.Chain[0]) {
		ca, err = ImportCA(ctx, o, d.Import)
	} else {
		ca, err = o.Authority.UpdateCA(ctx, ca.Name, func(_ *authority.CA, s *authority.CASettings) { d.formerly(s) }, d.By)
	}
	if err != nil {
		return nil, count, err
	}
	var list []authority.Imported
	var missing []authority.Lost
	for _, f := range d.Survey.Entries {
		if f.Certificate != nil {
			list = append(list, imported(f))
		} else {
			missing = append(missing, lost(f))
		}
	}
	if err := o.Authority.ImportLost(ctx, ca.Name, missing, d.By); err != nil {
		return nil, count, err
	}
	_, err = o.Authority.ImportCertificates(ctx, ca.Name, list, d.By)
	return ca, count, err
}

// CheckDirectory tells why a directory is not imported; partial takes it with
// what is wrong left out.
func CheckDirectory(s *opensslca.Survey, partial bool) error {
	if s.Certificate == nil {
		return &request.Refusal{Reason: request.IssuerRefused, Field: "certificate", Detail: "there is no certificate of an authority in the folder",
			Fix: "put it there as cacert.pem or ca.crt"}
	}
	if len(s.Faults) > 0 && !partial {
		return &request.Refusal{Reason: request.BadFormat, Field: "index", Detail: fmt.Sprintf("%d things in the folder look wrong: %s", len(s.Faults), s.Faults[0]),
			Fix: "see all of them with --dry-run and mend them, or add --partial to leave out what cannot be brought"}
	}
	return nil
}

// recall finds certificates whose files are missing among those that came in
// before.
func (d *DirectoryImport) recall(ctx context.Context, store authority.Store) error {
	for i := range d.Survey.Entries {
		f := &d.Survey.Entries[i]
		serial, err := opensslca.ParseNumber([]byte(f.Entry.Serial))
		if f.Certificate != nil || err != nil {
			continue
		}
		c, err := store.Certificate(ctx, d.Name, serial)
		if errors.Is(err, authority.ErrNotFound) {
			continue
		}
		if err == nil {
			f.Certificate, err = cert.Parse(c.DER)
		}
		if err != nil {
			return fmt.Errorf("reading certificate %s: %w", f.Entry.Serial, err)
		}
	}
	return nil
}

// formerly keeps what the directory says and certwright itself has no use for,
// so that an export can give it back.
func (d *DirectoryImport) formerly(s *authority.CASettings) {
	s.NextSerial, s.UniqueSubject, s.Holds = d.Survey.Serial, d.Survey.Attributes.UniqueSubject, nil
	for _, f := range d.Survey.Entries {
		if f.Certificate == nil || f.Revocation.Hold == "" {
			continue
		}
		if s.Holds == nil {
			s.Holds = map[string]string{}
		}
		s.Holds[opensslca.FormatNumber(f.Certificate.Serial.Bytes())] = f.Revocation.Hold
	}
}

// lost keeps what an index says of a certificate whose file is missing.
func lost(f opensslca.Found) authority.Lost {
	serial, _ := opensslca.ParseNumber([]byte(f.Entry.Serial)) // the survey has read it
	l := authority.Lost{Serial: serial, Status: authority.StatusValid, Line: f.Entry.Line()}
	l.NotAfter, _ = opensslca.Time(f.Entry.Expiry) // likewise
	l.Status, l.Revoked, l.Reason, l.Invalid = statusOf(f)
	return l
}

func imported(f opensslca.Found) authority.Imported {
	i := authority.Imported{DER: f.Certificate.Raw}
	var reason int
	i.Status, i.Revoked, reason, i.Invalid = statusOf(f)
	i.Reason = crl.Reason(reason)
	return i
}

// statusOf is what a line says of its certificate, in the words of records.
func statusOf(f opensslca.Found) (status authority.Status, at time.Time, reason int, invalid time.Time) {
	r := f.Revocation
	switch {
	case f.Entry.Status != opensslca.Revoked:
		return authority.StatusValid, at, 0, invalid
	case r.Reason == crl.RemoveFromCRL:
		status = authority.StatusValid
	case r.Reason == crl.CertificateHold:
		status = authority.StatusHold
	default:
		status = authority.StatusRevoked
	}
	return status, r.At, int(r.Reason), r.Compromised
}

// NameOfAuthority makes a name for an authority of its common name.
func NameOfAuthority(c *cert.Certificate) string {
	names := c.Subject.Values(oid.CommonName)
	if len(names) == 0 {
		return "imported"
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, names[0])
	if name = strings.Trim(name, "-"); name == "" || len(name) > 60 {
		return "imported"
	}
	return name
}

// DirectoryFile is a file of a directory as OpenSSL's ca keeps it.
type DirectoryFile struct {
	Name    string // below the directory, with slashes
	Data    []byte
	Private bool
}

// ExportDirectory gives the files of a directory that OpenSSL can go on with,
// to write, one by one: certificates first, then the index and the numbers.
// oneline is how subjects stand in the index.
func ExportDirectory(ctx context.Context, o *Office, ca *authority.CA, oneline func(dn.Name) string, write func(DirectoryFile) error) (DirectoryCount, error) {
	var count DirectoryCount
	settings, err := SettingsOf(ca)
	if err != nil {
		return count, err
	}
	index := opensslca.Parse(nil)
	now := o.Now()
	for c, err := range o.Store.Certificates(ctx, authority.Query{CA: ca.Name}) {
		if err != nil {
			return count, fmt.Errorf("reading the certificates of %s: %w", ca.Name, err)
		}
		if c.Status == authority.StatusUnconfirmed {
			continue // nobody may have it in the clear yet
		}
		e, err := entryOf(c, now, &settings, oneline)
		if err != nil {
			return count, err
		}
		index.Append(e)
		count.Certificates++
		if e.Status == opensslca.Revoked {
			count.Revoked++
		}
		if err := write(DirectoryFile{Name: "newcerts/" + e.Serial + ".pem", Data: EncodeCertificates(c.DER)}); err != nil {
			return count, err
		}
	}
	if count.Missing, err = appendLost(ctx, o, ca, index); err != nil {
		return count, err
	}
	count.CRLNumber = max(settings.FirstCRL, 1)
	for c, err := range o.Store.CRLs(ctx, ca.Name) {
		if err != nil {
			return count, fmt.Errorf("reading the revocation lists of %s: %w", ca.Name, err)
		}
		count.CRLNumber = max(count.CRLNumber, c.Number+1)
	}
	serial := settings.NextSerial
	if len(serial) == 0 {
		serial = make([]byte, 16)
		if _, err := io.ReadFull(rand.Reader, serial); err != nil {
			return count, fmt.Errorf("drawing a serial number: %w", err)
		}
		serial[0] = serial[0]&0x3f | 0x40
	}
	for _, taken := index.BySerial(opensslca.FormatNumber(serial)); taken; _, taken = index.BySerial(opensslca.FormatNumber(serial)) {
		serial = opensslca.Next(serial)
	}
	attributes := opensslca.Attributes{UniqueSubject: settings.UniqueSubject}
	for range index.Faults(attributes.UniqueSubject) {
		attributes.UniqueSubject = false // OpenSSL would not read an index that does not keep to it
		break
	}
	secret, err := o.Keys.Stored(ca.Key)
	if err != nil {
		return count, err
	}
	number := fmt.Sprintf("%X", count.CRLNumber)
	if len(number)%2 != 0 {
		number = "0" + number
	}
	for _, f := range []DirectoryFile{
		{Name: "cacert.pem", Data: EncodeCertificates(ca.Chain[0])},
		{Name: "private/cakey.pem", Data: secret, Private: true},
		{Name: "serial", Data: []byte(opensslca.FormatNumber(serial) + "\n")},
		{Name: "crlnumber", Data: []byte(number + "\n")},
		{Name: "index.txt.attr", Data: attributes.Bytes()},
		{Name: "index.txt", Data: index.Bytes()},
	} {
		if err := write(f); err != nil {
			return count, err
		}
	}
	return count, nil
}

// appendLost adds the lines of certificates that did not come along to an index,
// and counts them.
func appendLost(ctx context.Context, o *Office, ca *authority.CA, index *opensslca.Index) (n int, err error) {
	missing, err := o.Authority.Lost(ctx, ca.Name)
	for _, l := range missing {
		for _, e := range opensslca.Parse([]byte(l.Line + "\n")).All() {
			index.Append(e)
			n++
		}
	}
	return n, err
}

func entryOf(c *authority.Certificate, now time.Time, settings *authority.CASettings, oneline func(dn.Name) string) (opensslca.Entry, error) {
	parsed, err := cert.Parse(c.DER)
	if err != nil {
		return opensslca.Entry{}, fmt.Errorf("reading certificate %x: %w", c.Serial, err)
	}
	e := opensslca.Entry{
		Status: opensslca.Valid, Expiry: opensslca.FormatTime(c.NotAfter), Serial: opensslca.FormatNumber(c.Serial),
		File: "unknown", Subject: oneline(parsed.Subject),
	}
	if e.Subject == "" {
		e.Subject = e.Serial
	}
	switch {
	case c.Status != authority.StatusValid:
		e.Status = opensslca.Revoked
		r := opensslca.Revocation{At: c.Revoked, Reason: crl.Reason(c.Reason), Compromised: c.Invalid}
		if c.Status == authority.StatusHold {
			r.Hold = settings.Holds[e.Serial]
		}
		e.Revocation = r.String()
	case c.NotAfter.Before(now):
		e.Status = opensslca.Expired
	}
	return e, nil
}

// DirectoryConfig is a configuration file that OpenSSL runs the directory with.
func DirectoryConfig(folder string, public *key.Public) string {
	digest := "sha256"
	if public.Type == "Ed25519" || public.Type == "Ed448" {
		digest = "default"
	}
	return `[ca]
default_ca = CA_default

[CA_default]
dir = ` + strings.NewReplacer(`\`, `\\`, `$`, `\$`, `#`, `\#`).Replace(folder) + `
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/cacert.pem
private_key = $dir/private/cakey.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
default_md = ` + digest + `
default_days = 365
default_crl_days = 7
policy = policy_anything
copy_extensions = copy
x509_extensions = usr_cert
crl_extensions = crl_ext
name_opt = ca_default
cert_opt = ca_default

[policy_anything]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
emailAddress = optional

[usr_cert]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid

[crl_ext]
authorityKeyIdentifier = keyid
`
}
