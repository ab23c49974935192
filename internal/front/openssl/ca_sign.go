package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

// signingRun is what signing requests needs besides the authority.
type signingRun struct {
	folder     string            // of new certificates
	extensions *opensslconf.File // of -extfile; nil where there is none
	section    string            // of extensions; empty for none
	policy     string
	dates      dates
	stored     bool   // serial numbers are counted in a file
	serial     []byte // the next
	signed     []signedOne
}

// signedOne is a certificate that was signed and is not written yet.
type signedOne struct {
	der    []byte
	serial []byte
}

// errNotCertified says that a request is passed over, and the next one comes.
var errNotCertified = errors.New("not certified")

// certify signs the requests and records them. It reports false where a person
// did not want them recorded.
func (a *authority) certify() (bool, error) {
	if err := a.prepare(); err != nil {
		return false, err
	}
	for _, s := range a.sources() {
		err := a.certifyOne(s)
		if errors.Is(err, errNotCertified) {
			continue
		}
		if err != nil {
			return false, err
		}
		fmt.Fprintln(a.Stderr)
	}
	if len(a.requests.signed) == 0 {
		return true, nil
	}
	if !a.has("batch") {
		total := max(len(a.sources()), len(a.requests.signed))
		switch yes, err := a.confirm(fmt.Sprintf("\n%d out of %d certificate requests certified, commit? [y/n]", len(a.requests.signed), total)); {
		case err != nil:
			fmt.Fprintln(a.Stderr, "CERTIFICATION CANCELED: I/O error")
			return false, nil
		case !yes:
			fmt.Fprintln(a.Stderr, "CERTIFICATION CANCELED")
			return false, nil
		}
	}
	return true, a.commit()
}

// confirm asks a question that begins with y where the answer is yes.
func (a *authority) confirm(question string) (bool, error) {
	fmt.Fprint(a.Stderr, question)
	line, err := readLine(a.Stdin)
	if err != nil {
		return false, err
	}
	return len(line) > 0 && (line[0] == 'y' || line[0] == 'Y'), nil
}

// prepare reads from the configuration what requests are signed by.
func (a *authority) prepare() error {
	r := &a.requests
	if r.policy = a.text("policy"); r.policy == "" {
		r.policy = a.conf.Policy
	}
	if _, err := a.setting("policy", r.policy); err != nil {
		return err
	}
	if a.has("verbose") {
		fmt.Fprintf(a.Stderr, "policy is %s\n", r.policy)
	}
	r.stored = !a.has("rand_serial") && !a.conf.RandSerial
	if _, err := a.setting("serial", a.conf.Serial); r.stored && err != nil {
		return err
	}
	if err := a.chooseExtensions(); err != nil {
		return err
	}
	var err error
	if r.dates, err = a.readDates(); err != nil {
		return err
	}
	if _, ok := a.file.Section(r.policy); !ok {
		return complain("unable to find 'section' for %s", r.policy)
	}
	return a.firstSerial()
}

// chooseExtensions settles on the section of extensions, and tries its syntax.
func (a *authority) chooseExtensions() error {
	r := &a.requests
	r.section = a.text("extensions")
	file, said := a.file, "Error checking certificate extension config section "
	if r.extensions != nil {
		file, said = r.extensions, "Error checking certificate extensions from extfile section "
		if r.section == "" {
			if r.section, _ = file.Value("default", "extensions"); r.section == "" {
				r.section = "default"
			}
		}
	}
	if r.section == "" {
		r.section = a.conf.X509Extensions
	}
	if r.section == "" {
		return nil
	}
	if _, err := file.Extensions(r.section, opensslconf.Context{SyntaxOnly: true, Mask: a.conf.Names.Mask}); err != nil {
		return because(said+r.section, err)
	}
	return nil
}

// firstSerial reads the next serial number of the file.
func (a *authority) firstSerial() error {
	r := &a.requests
	var err error
	if !r.stored {
		r.serial, err = a.randomSerial()
	} else {
		r.serial, err = opensslca.ReadNumber(a.path(a.conf.Serial))
		switch {
		case errors.Is(err, os.ErrNotExist) && a.has("create_serial"):
			r.serial, err = a.randomSerial()
		case errors.Is(err, opensslca.ErrNumber):
			return complain("Unable to load number from %s\nerror while loading serial number", a.conf.Serial)
		case err != nil:
			return complain("%s: %s\nerror while loading serial number", a.conf.Serial, reason(err))
		}
	}
	if err != nil {
		return complain("error generating serial number\n%v", err)
	}
	if a.has("verbose") {
		fmt.Fprintf(a.Stderr, "next serial number is %s\n", opensslca.FormatNumber(r.serial))
	}
	return nil
}

// advance goes on to the serial number after the one that was used.
func (a *authority) advance() (err error) {
	if a.requests.stored {
		a.requests.serial = opensslca.Next(a.requests.serial)
		return nil
	}
	a.requests.serial, err = a.randomSerial()
	return err
}

// commit records what was signed, and only then hands it out: first the serial
// number, which is never used again; then the certificates and the index.
func (a *authority) commit() error {
	r := &a.requests
	fmt.Fprintf(a.Stderr, "Write out database with %d new entries\n", len(r.signed))
	if r.stored {
		if err := opensslca.WriteNumber(a.path(a.conf.Serial), r.serial); err != nil {
			return because("Unable to write the serial number to "+a.conf.Serial, err)
		}
	}
	var all bytes.Buffer
	if a.has("verbose") {
		fmt.Fprintln(a.Stderr, "writing new certificates")
	}
	for _, s := range r.signed {
		name := filepath.Join(r.folder, opensslca.FormatNumber(s.serial)+".pem")
		if strings.HasPrefix(r.folder, "./") {
			name = "./" + name
		}
		if a.has("verbose") {
			fmt.Fprintf(a.Stderr, "writing %s\n", name)
		}
		printed, err := a.printed(s.der)
		if err != nil {
			return err
		}
		if err := opensslca.Create(a.path(name), a.path(a.conf.Database), printed); err != nil {
			return a.cannotWrite(name, false, err)
		}
		if a.has("spkac") && a.text("out") != "" {
			all.Write(s.der)
		} else {
			all.Write(printed)
		}
	}
	if err := a.saveIndex(); err != nil {
		return err
	}
	if err := a.writeOut(&all); err != nil {
		return err
	}
	fmt.Fprintln(a.Stderr, "Database updated")
	return nil
}

// printed is a certificate as it is written: in words, unless they are not
// wanted, and as PEM.
func (a *authority) printed(der []byte) ([]byte, error) {
	var out bytes.Buffer
	if !a.has("notext") {
		c, err := text.ReadCertificate(der)
		if err != nil {
			return nil, err
		}
		w := text.NewWriter(&out, a.names)
		if err := c.Write(w, text.Options{Names: text.Compat}); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
	}
	out.Write(pem.Encode("CERTIFICATE", der))
	return out.Bytes(), nil
}
