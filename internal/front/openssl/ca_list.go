package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

// makeList makes a revocation list of what the index says is revoked.
func (a *authority) makeList() error {
	section := a.text("crlexts")
	if section == "" {
		section = a.conf.CRLExtensions
	}
	context := opensslconf.Context{CRL: true, Issuer: a.cert, IssuerKey: a.key.Public, Mask: a.conf.Names.Mask}
	if section != "" {
		if _, err := a.file.Extensions(section, opensslconf.Context{CRL: true, SyntaxOnly: true}); err != nil {
			return because("Error checking CRL extension section "+section, err)
		}
	}
	number, err := a.listNumber()
	if err != nil {
		return err
	}
	if a.has("verbose") {
		fmt.Fprintln(a.Stderr, "making CRL")
	}
	h := crl.Header{Issuer: a.cert.Subject}
	if h.ThisUpdate, h.NextUpdate, err = a.listDates(); err != nil {
		return err
	}
	if section != "" {
		if h.Extensions, err = a.file.Extensions(section, context); err != nil {
			return because("Error adding CRL extensions from section "+section, err)
		}
	}
	if number != nil {
		h.Extensions = append(h.Extensions, crl.NewNumber(new(big.Int).SetBytes(number)))
	}
	entries, special, err := a.revoked()
	if err != nil {
		return err
	}
	h.Version1 = section == "" && number == nil && !special
	if a.has("verbose") {
		fmt.Fprintln(a.Stderr, "signing CRL")
	}
	if h.Algorithm, err = a.how.algorithm(a.key.Public); err != nil {
		return because("ca: the key cannot sign with this digest", err)
	}
	var der bytes.Buffer
	each := func(yield func(crl.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
	if err := crl.Write(&der, h, each, a.key.Signer); err != nil {
		return because("ca: the revocation list was not made", err)
	}
	if number != nil {
		if err := opensslca.WriteNumber(a.path(a.conf.CRLNumber), opensslca.Next(number)); err != nil {
			return because("Unable to write the CRL number to "+a.conf.CRLNumber, err)
		}
	}
	return a.writeOut(bytes.NewBuffer(pem.Encode("X509 CRL", der.Bytes())))
}

// listNumber reads the number of the list, where the configuration has a file
// for it.
func (a *authority) listNumber() ([]byte, error) {
	if a.conf.CRLNumber == "" {
		return nil, nil
	}
	number, err := opensslca.ReadNumber(a.path(a.conf.CRLNumber))
	if errors.Is(err, opensslca.ErrNumber) {
		return nil, complain("Unable to load number from %s\nerror while loading CRL number", a.conf.CRLNumber)
	}
	if err != nil {
		return nil, complain("%s: %s\nerror while loading CRL number", a.conf.CRLNumber, reason(err))
	}
	if number == nil {
		number = []byte{}
	}
	return number, nil
}

func (a *authority) listDates() (this, next time.Time, err error) {
	now := a.Now().UTC().Truncate(time.Second)
	this = now
	if given := a.text("crl_lastupdate"); given != "" {
		if this, err = opensslca.Time(given); err != nil {
			return this, next, complain("error setting CRL lastUpdate\n%v", err)
		}
	}
	if given := a.text("crl_nextupdate"); given != "" {
		if next, err = opensslca.Time(given); err != nil {
			return this, next, complain("error setting CRL nextUpdate\n%v", err)
		}
		return this, next, nil
	}
	days, hours, seconds := a.count("crldays", 0), a.count("crlhours", 0), a.count("crlsec", 0)
	if days+hours+seconds == 0 {
		days, hours = a.conf.DefaultCRLDays, a.conf.DefaultCRLHours
	}
	if days+hours+seconds == 0 {
		return this, next, complain("cannot lookup how long until the next CRL is issued")
	}
	return this, now.AddDate(0, 0, days).Add(time.Duration(hours)*time.Hour + time.Duration(seconds)*time.Second), nil
}

// revoked returns the revoked entries in order of their serial numbers, and
// whether any of them says more than its date.
func (a *authority) revoked() (list []crl.Entry, special bool, err error) {
	for i, e := range a.index.OfStatus(opensslca.Revoked) {
		serial, err := opensslca.ParseNumber([]byte(e.Serial))
		if err != nil {
			return nil, false, complain("%s, line %d: the serial number %s cannot stand in a revocation list", a.conf.Database, a.index.Line(i), e.Serial)
		}
		r, err := opensslca.ParseRevocation(e.Revocation)
		if err != nil {
			return nil, false, complain("%s, line %d: %v", a.conf.Database, a.index.Line(i), err)
		}
		if len(serial) == 0 {
			serial = []byte{0}
		}
		entry := crl.Entry{Serial: serial, Revoked: r.At, Reason: r.Reason, InvalidityDate: r.Compromised}
		if r.Hold != "" {
			if entry.HoldInstruction, err = a.file.Object(r.Hold); err != nil {
				return nil, false, complain("%s, line %d: %v", a.conf.Database, a.index.Line(i), err)
			}
		}
		special = special || r.Named
		list = append(list, entry)
	}
	slices.SortStableFunc(list, func(x, y crl.Entry) int {
		if len(x.Serial) != len(y.Serial) {
			return len(x.Serial) - len(y.Serial)
		}
		return bytes.Compare(x.Serial, y.Serial)
	})
	return list, special, nil
}
