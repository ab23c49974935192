package openssl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

// loadIndex reads the index and its attributes, and refuses one that is broken.
func (a *authority) loadIndex(name string) error {
	var err error
	if a.index, err = opensslca.ReadIndex(a.path(name)); err != nil {
		return complain("%s: %s\nProblem with index file: %s (could not load/parse file)", name, reason(err), name)
	}
	if a.signs() {
		a.index.KeepOld(a.path(name))
	}
	a.unique = a.conf.UniqueSubject
	if err := a.loadAttributes(name + ".attr"); err != nil {
		return err
	}
	for fault := range a.index.Faults(a.unique) {
		if fault.Kind == opensslca.BadStatus {
			continue // a line that says nothing here, and stays as it is
		}
		return complain("%s", faultText(name, fault))
	}
	if a.has("verbose") {
		if _, err := a.Stdout.Write(a.index.Bytes()); err != nil {
			return err
		}
		fmt.Fprintf(a.Stderr, "%d entries loaded from the database\ngenerating index\n", a.index.Len())
	}
	return nil
}

// loadAttributes reads the file of attributes, where there is one.
func (a *authority) loadAttributes(name string) error {
	data, err := os.ReadFile(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return because("Can't open "+name, err)
	}
	f, err := opensslconf.Parse(name, data, opensslconf.Source{})
	if err != nil {
		return because(fmt.Sprintf("%s: Error on config file \"%s\"", a.command.name, name), err)
	}
	if text, ok := f.Value("default", "unique_subject"); ok {
		a.unique = opensslconf.YesNo(text, true)
	}
	return nil
}

// faultText says what is wrong with an index: in the words that scripts look
// for, and by the line of the file.
func faultText(name string, f *opensslca.Fault) string {
	said := ""
	switch f.Kind {
	case opensslca.BadColumns:
		said = fmt.Sprintf("Problem with index file: %s (could not load/parse file)", name)
	case opensslca.NotRevoked:
		said = fmt.Sprintf("entry %d: not revoked yet, but has a revocation date", f.Entry)
	case opensslca.BadRevocation:
		said = fmt.Sprintf("invalid revocation date \n in entry %d", f.Entry)
	case opensslca.BadExpiry:
		said = fmt.Sprintf("entry %d: invalid expiry date", f.Entry)
	case opensslca.BadSerialLength:
		said = fmt.Sprintf("entry %d: bad serial number length (%d)", f.Entry, len(strings.TrimPrefix(f.Value, "-")))
	case opensslca.BadSerialDigit:
		c := f.Value[0]
		said = fmt.Sprintf("entry %d: bad char 0%o '%c' in serial number", f.Entry, c, c)
	case opensslca.RepeatedSerial:
		said = fmt.Sprintf("Error creating serial number index:(2,%d,%d)", f.OtherEntry-1, f.Entry-1)
	case opensslca.RepeatedSubject:
		said = fmt.Sprintf("Error creating name index:(2,%d,%d)", f.OtherEntry-1, f.Entry-1)
	}
	return fmt.Sprintf("%s\n%s, %v", said, name, f)
}

// saveIndex replaces the index and its attributes. When it returns, what was
// entered is there to stay.
func (a *authority) saveIndex() error {
	name := a.path(a.conf.Database)
	if err := opensslca.SaveIndex(name, a.index); err != nil {
		return because("failed to update database", err)
	}
	attributes := opensslca.Attributes{UniqueSubject: a.unique}.Bytes()
	if err := opensslca.Replace(name+".attr", attributes); err != nil {
		return because("failed to update database", err)
	}
	return nil
}

// entryOf is the line of a certificate.
func (a *authority) entryOf(c *cert.Certificate) opensslca.Entry {
	return opensslca.Entry{
		Status: opensslca.Valid, Expiry: opensslca.FormatTime(c.NotAfter), Serial: opensslca.FormatNumber(c.Serial.Bytes()),
		File: "unknown", Subject: text.Objects(a.names).Slash(c.Subject),
	}
}

// status prints what the index has on a serial number. It is never a success.
func (a *authority) status(serial string) error {
	name, err := a.setting("database", a.conf.Database)
	if err != nil {
		return err
	}
	if err := a.loadIndex(name); err != nil {
		return err
	}
	digits := strings.ToUpper(serial)
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	at, ok := a.index.BySerial(digits)
	if !ok {
		return complain("Serial %s not present in db.\nError verifying serial %s!", digits, serial)
	}
	e := a.index.Entry(at)
	words := map[opensslca.Status]string{opensslca.Valid: "Valid", opensslca.Revoked: "Revoked", opensslca.Expired: "Expired"}
	return complain("%s=%s (%c)", digits, words[e.Status], e.Status)
}

// update marks what expired.
func (a *authority) update() error {
	if a.has("verbose") {
		fmt.Fprintf(a.Stderr, "Updating %s ...\n", a.conf.Database)
	}
	now, marked := a.Now(), 0
	for i, e := range a.index.Expired(now) {
		e.Status = opensslca.Expired
		a.index.Set(i, e)
		fmt.Fprintf(a.Stderr, "%s=Expired\n", e.Serial)
		marked++
	}
	if marked > 0 {
		if err := a.saveIndex(); err != nil {
			return err
		}
	}
	if a.has("verbose") {
		if marked == 0 {
			fmt.Fprintln(a.Stderr, "No entries found to mark expired")
		} else {
			fmt.Fprintf(a.Stderr, "Done. %d entries marked as expired\n", marked)
		}
	}
	return nil
}

// enter does what -revoke and -valid ask.
func (a *authority) enter() error {
	file := a.text("revoke")
	if file == "" {
		file = a.text("valid")
	}
	c, err := a.loadIssuer(file, "certificate to be revoked", nil)
	if err != nil {
		return complain("%v\nUnable to load certificate to be revoked", err)
	}
	e := a.entryOf(c)
	if e.Subject == "" {
		e.Subject = e.Serial
	}
	at, known := a.index.BySerial(e.Serial)
	switch {
	case known && a.has("valid") && !a.has("revoke"):
		return complain("ERROR:Already present, serial number %s", e.Serial)
	case known && a.index.Entry(at).Status == opensslca.Revoked:
		return complain("ERROR:Already revoked, serial number %s", e.Serial)
	case !known:
		fmt.Fprintf(a.Stderr, "Adding Entry with serial number %s to DB for %s\n", e.Serial, e.Subject)
		if other, clash := a.index.BySubject(e.Subject); clash && a.unique {
			return complain("failed to update database\nTXT_DB error number 2\nThe serial number %s has this subject already, and subjects are unique.", a.index.Entry(other).Serial)
		}
		a.index.Append(e)
		at = a.index.Len() - 1
	}
	if a.has("revoke") {
		fmt.Fprintf(a.Stderr, "Revoking Certificate %s.\n", e.Serial)
		r, err := a.revocation()
		if err != nil {
			return complain("%v\nError in revocation arguments", err)
		}
		e = a.index.Entry(at)
		e.Status, e.Revocation = opensslca.Revoked, r.String()
		a.index.Set(at, e)
	}
	if err := a.saveIndex(); err != nil {
		return err
	}
	fmt.Fprintln(a.Stderr, "Database updated")
	return nil
}

// revocation reads the options that say why a certificate is revoked; the last
// of them counts.
func (a *authority) revocation() (opensslca.Revocation, error) {
	r := opensslca.Revocation{At: a.Now().UTC().Truncate(time.Second)}
	for _, g := range a.given {
		var err error
		switch g.name {
		case "crl_reason":
			word, known := opensslca.ParseReason(g.value)
			if !known {
				err = complain("Unknown CRL reason %s", g.value)
			}
			r = opensslca.Revocation{At: r.At, Reason: word, Named: true}
		case "crl_hold":
			if _, unknown := a.file.Object(g.value); unknown != nil {
				err = complain("Invalid object identifier %s", g.value)
			}
			r = opensslca.Revocation{At: r.At, Reason: crl.CertificateHold, Named: true, Hold: g.value}
		case "crl_compromise", "crl_CA_compromise":
			r = opensslca.Revocation{At: r.At, Reason: crl.KeyCompromise, Named: true}
			if g.name == "crl_CA_compromise" {
				r.Reason = crl.CACompromise
			}
			if r.Compromised, err = opensslca.Time(g.value); err != nil || len(g.value) != len("YYYYMMDDHHMMSSZ") {
				err = complain("Invalid time format %s. Need YYYYMMDDHHMMSSZ", g.value)
			}
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}
