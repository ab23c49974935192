package cmpsrv

import (
	"crypto/x509"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/internal/specimen"
	"github.com/certwright/certwright/protocol/cmp"
)

// factory is a world that knows the devices of a manufacturer.
type factory struct {
	*world
	maker *specimen.Maker
}

const deviceProfile = "name: device\nversion: 1\nkeys: { ec: [P-256], rsa: { min: 2048 } }\nvalidity: { default: 30d }\nsubject: { attributes: { CN: { max: 64 }, serialNumber: {} } }\nnames: { kinds: [dns] }\nextensions: { keyUsage: { default: [digitalSignature] } }\n"

func newFactory(t *testing.T) *factory {
	t.Helper()
	f := &factory{}
	f.world = newWorld(t, func(c *Config) {
		var err error
		f.maker, err = specimen.NewMaker("Acme", c.Now())
		check(t, err)
		rule := config.Manufacturer{Name: "acme", Roots: filepath.Join(t.TempDir(), "roots.pem"), Profile: "device", Same: []string{"serialNumber"}, Names: []string{"dns:{serialNumber}.plant.example"}}
		check(t, os.WriteFile(rule.Roots, pem.Encode("CERTIFICATE", f.maker.Root.Raw), 0o600))
		c.Manufacturers, err = manufacturer.Read([]config.Manufacturer{rule})
		check(t, err)
	})
	f.profiles["device"] = deviceProfile
	return f
}

// device makes a device with a certificate of the manufacturer, and its client.
func (f *factory) device(serialNumber string, change func(*x509.Certificate)) (*cmp.Client, *cert.Certificate) {
	f.t.Helper()
	c, signer, err := f.maker.Device(serialNumber, change)
	check(f.t, err)
	parsed, err := cert.Parse(c.Raw)
	check(f.t, err)
	k, err := key.NewPrivate(signer)
	check(f.t, err)
	client := f.clientOf(parsed, k)
	client.ExtraCerts = append(client.ExtraCerts, f.maker.Sub.Raw)
	return client, parsed
}

// ticketOf is the first ticket of a device.
func (f *factory) ticketOf(device *cert.Certificate) *authority.Ticket {
	f.t.Helper()
	for ticket, err := range f.store.Tickets(f.t.Context(), authority.TicketQuery{Requester: device.Subject.String()}) {
		check(f.t, err)
		return ticket
	}
	f.t.Fatal("the device has no ticket")
	return nil
}

// first asks for the first certificate of a device.
func (f *factory) first(kind cmp.BodyKind, subject string, names ...string) cmp.Request {
	return f.request(kind, f.key("ecdsa-p256"), func(s *crmf.Spec) {
		n := name(f.t, subject)
		s.Template.Subject = &n
		var all []ext.GeneralName
		for _, one := range names {
			all = append(all, ext.NewGeneralName(ext.DNS, []byte(one)))
		}
		if all != nil {
			s.Template.Extensions = []ext.Extension{ext.NewSubjectAltName(all, false)}
		}
	})
}

// A device enrols by the certificate of its manufacturer, for the names that
// follow from it; by the new certificate it goes on as any other.
func TestDeviceEnrols(t *testing.T) {
	f := newFactory(t)
	client, own := f.device("sn-7", nil)
	out, err := client.Enroll(t.Context(), f.first(cmp.InitializationRequest, "CN=pump,serialNumber=sn-7", "sn-7.plant.example"))
	if err != nil {
		t.Fatal(err, f.log)
	}
	if got := out.Certificate.Subject.String(); got != "CN=pump,serialNumber=sn-7" || out.CAPubs != nil {
		t.Errorf("%s, %d", got, len(out.CAPubs))
	}
	var e evidence.Evidence
	check(t, json.Unmarshal(f.ticketOf(own).Evidence, &e))
	if e.Origin.Method != "manufacturer" || e.Origin.Certificate == nil || e.Origin.Certificate.Manufacturer != "acme" || e.Origin.RegistrationAuthority {
		t.Errorf("%+v", e.Origin)
	}
	implicit := *client
	implicit.Implicit = true
	f.sh("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout p10.key -subj /serialNumber=sn-7/CN=pump -outform DER -out p10.der 2>/dev/null")
	if _, err := implicit.Enroll(t.Context(), cmp.Request{Body: cmp.NewBody(cmp.PKCS10Request, f.read("p10.der")), ID: big.NewInt(-1)}); err != nil {
		t.Error(err)
	}
	if _, err := client.Ask(t.Context(), cmp.Info{Type: cmp.InfoCACerts}); err != nil {
		t.Error(err)
	}
}

func TestDeviceMayNot(t *testing.T) {
	f := newFactory(t)
	client, own := f.device("sn-7", nil)
	ask := func(kind cmp.BodyKind, want cmp.FailureInfo, text, subject string, names ...string) {
		t.Helper()
		_, err := client.Enroll(t.Context(), f.first(kind, subject, names...))
		refusedFor(t, err, want, text)
	}
	ask(cmp.InitializationRequest, cmp.NotAuthorized, "the subject must have the serialNumber of the certificate of the device: sn-7", "CN=pump,serialNumber=sn-8")
	ask(cmp.InitializationRequest, cmp.NotAuthorized, "the subject must have the serialNumber", "CN=pump")
	ask(cmp.InitializationRequest, cmp.NotAuthorized, "the certificate of the device is not for the name dns:sn-8.plant.example", "CN=pump,serialNumber=sn-7", "sn-8.plant.example")
	ask(cmp.CertificationRequest, cmp.NotAuthorized, "the first one is asked for by an ir", "CN=pump,serialNumber=sn-7")
	ask(cmp.KeyUpdateRequest, cmp.NotAuthorized, "the manufacturer's was not issued here", "CN=pump,serialNumber=sn-7")
	err := client.Revoke(t.Context(), cmp.Revocation{Template: crmf.Template{Issuer: &own.Issuer, Serial: own.Serial}, Extensions: []ext.Extension{ext.NewReasonCode(1)}})
	refusedFor(t, err, cmp.NotAuthorized, "the certificate of a manufacturer has nothing revoked here")
	client.Profile = "reviewed"
	ask(cmp.InitializationRequest, cmp.NotAuthorized, `profile device, not "reviewed"`, "CN=pump,serialNumber=sn-7")
	client, _ = f.device("", nil)
	ask(cmp.InitializationRequest, cmp.NotAuthorized, "the rule for manufacturer acme does not fit this device", "CN=pump")
	vouching := func(c *x509.Certificate) {
		c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, []int{1, 3, 6, 1, 5, 5, 7, 3, 28})
	}
	client, _ = f.device("sn-7", vouching)
	_, err = client.Enroll(t.Context(), f.request(cmp.InitializationRequest, f.key("ecdsa-p256"), func(s *crmf.Spec) {
		n := name(t, "CN=pump,serialNumber=sn-7")
		s.Template.Subject, s.Proof = &n, crmf.ProofRAVerified
	}))
	refusedFor(t, err, cmp.NotAuthorized, "")
	if n := f.issued(authority.StatusValid) + f.issued(authority.StatusUnconfirmed); n != 0 {
		t.Errorf("%d certificates were issued", n)
	}
}

// What the certificate of a device must be to be believed.
func TestDeviceIsNotTrusted(t *testing.T) {
	f := newFactory(t)
	other, err := specimen.NewMaker("Other", f.clock())
	check(t, err)
	acme := f.maker
	for _, c := range []struct {
		name   string
		from   *specimen.Maker
		change func(*x509.Certificate)
		chain  bool
		want   cmp.FailureInfo
		text   string
	}{
		{"another root", other, nil, true, cmp.SignerNotTrusted, "shows no device: it leads to no root of a manufacturer that is known here"},
		{"missing chain", acme, nil, false, cmp.SignerNotTrusted, "the certificate of CN=Acme Devices,O=Acme is none of them, and is not among the extraCerts"},
		{"expired", acme, func(c *x509.Certificate) { c.NotAfter = f.clock().Add(-1) }, true, cmp.SignerNotTrusted, "expired"},
		{"not for signing", acme, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }, true, cmp.NotAuthorized, "has no digitalSignature"},
		{"an authority", acme, func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		}, true, cmp.SignerNotTrusted, "of no device"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.maker = c.from
			client, _ := f.device("sn-7", c.change)
			if !c.chain {
				client.ExtraCerts = client.ExtraCerts[:1]
			}
			_, err := client.Enroll(t.Context(), f.first(cmp.InitializationRequest, "CN=pump,serialNumber=sn-7"))
			refusedFor(t, err, c.want, c.text)
		})
	}
	if n := f.issued(authority.StatusValid) + f.issued(authority.StatusUnconfirmed); n != 0 {
		t.Errorf("%d certificates were issued", n)
	}
}

// A device that the manufacturer has revoked is told so.
func TestRevokedDevice(t *testing.T) {
	f := newFactory(t)
	client, own := f.device("sn-7", nil)
	lost, err := x509.ParseCertificate(own.Raw)
	check(t, err)
	lists, err := f.maker.Lists(f.clock(), lost)
	check(t, err)
	f.write("lists.pem", lists)
	f.write("roots.pem", pem.Encode("CERTIFICATE", f.maker.Root.Raw))
	f.Server.config.Manufacturers, err = manufacturer.Read([]config.Manufacturer{{Name: "acme", Roots: filepath.Join(f.dir, "roots.pem"), CRLs: []string{filepath.Join(f.dir, "lists.pem")}, Profile: "device", Same: []string{"serialNumber"}}})
	check(t, err)
	_, err = client.Enroll(t.Context(), f.first(cmp.InitializationRequest, "CN=pump,serialNumber=sn-7"))
	refusedFor(t, err, cmp.CertRevoked, "the certificate was revoked on")
	client, _ = f.device("sn-8", nil)
	if _, err = client.Enroll(t.Context(), f.first(cmp.InitializationRequest, "CN=pump,serialNumber=sn-8")); err != nil {
		t.Error(err)
	}
}

// A transaction is the device's that began it, and what an officer approves is
// held against the device's certificate, too.
func TestDeviceWaits(t *testing.T) {
	f := newFactory(t)
	f.profiles["device"] = strings.Replace(deviceProfile, "version: 1", "version: 1\nissuance: review", 1)
	client, own := f.device("sn-7", nil)
	x := f.talk()
	x.p, x.header.Sender, x.header.SenderKID, x.extra = client.Protector, client.Sender, client.SenderKID, client.ExtraCerts
	r := x.status(x.say(f.first(cmp.InitializationRequest, "CN=pump,serialNumber=sn-7").Body, nil))
	if r.Status.Status != cmp.Waiting {
		t.Fatalf("%+v", r)
	}
	ticket := f.ticketOf(own).ID
	second, _ := f.device("sn-8", nil)
	y := f.talk()
	y.p, y.header, y.extra, y.last = second.Protector, x.header, second.ExtraCerts, x.last
	y.header.Sender, y.header.SenderKID = second.Sender, second.SenderKID
	refuses(y, y.say(cmp.NewPollRequest(r.ID), nil), cmp.NotAuthorized, "another sender's")
	_, err := f.authority.Approve(t.Context(), ticket, "olga", "")
	check(t, err)
	if r = x.status(x.say(cmp.NewPollRequest(r.ID), nil)); r.Pair == nil {
		t.Errorf("%+v", r)
	}
}

// A device has its key made where it can be encrypted to.
func TestDeviceHasItsKeyMade(t *testing.T) {
	f := newFactory(t)
	f.profiles["device"] = strings.Replace(deviceProfile, "keys: {", "keys: { central: allow,", 1)
	client, own := f.device("sn-7", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyAgreement })
	subject := name(t, "CN=pump,serialNumber=sn-7")
	m, err := crmf.Create(crmf.Spec{Template: crmf.Template{Subject: &subject}})
	check(t, err)
	out, err := client.Enroll(t.Context(), cmp.Request{Body: cmp.NewRequests(cmp.InitializationRequest, m), ID: m.Request.ID})
	if err != nil {
		t.Fatal(err, f.log)
	}
	if out.PrivateKey == nil || own == nil {
		t.Error("there is no key")
	}
}
