package cmpsrv

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// asks is a world with a device's secret.
func asks(t *testing.T) *world {
	w := newWorld(t)
	w.secret(secret.Secret{})
	return w
}

// ask asks one question, and returns the one answer.
func (w *world) ask(i cmp.Info) cmp.Info {
	w.t.Helper()
	infos, err := w.client().Ask(w.t.Context(), i)
	check(w.t, err)
	if len(infos) != 1 {
		w.t.Fatalf("%d answers", len(infos))
	}
	return infos[0]
}

func TestGenmCACerts(t *testing.T) {
	w := asks(t)
	chain, err := w.ask(cmp.Info{Type: cmp.InfoCACerts}).Sequence()
	check(t, err)
	ca, err := w.store.CA(t.Context(), "issuing")
	check(t, err)
	if len(chain) != 2 || !bytes.Equal(chain[0], ca.Chain[0]) || !bytes.Equal(chain[1], ca.Chain[1]) {
		t.Errorf("%d certificates", len(chain))
	}
}

// A root that has a successor of its name is told it, with the certificates
// that link the two.
func TestGenmRootUpdate(t *testing.T) {
	w := asks(t)
	old, err := w.store.CA(t.Context(), "root")
	check(t, err)
	question := cmp.Info{Type: cmp.InfoRootCACert, Value: old.Chain[0]}
	if a := w.ask(question); a.Type != cmp.InfoRootCAKeyUpdate || a.Value != nil {
		t.Errorf("%+v before there is another root", a)
	}
	w.mu.Lock()
	w.ahead = time.Hour
	w.mu.Unlock()
	next, err := w.authority.CreateCA(t.Context(), authority.NewCA{Name: "root2", Follows: "root", Subject: name(t, "CN=Test Root"), KeyKind: "ecdsa-p256", By: "operator", PathLen: -1})
	check(t, err)
	for _, q := range []cmp.Info{question, {Type: cmp.InfoRootCACert}} {
		u, err := w.ask(q).RootUpdate()
		check(t, err)
		if !bytes.Equal(u.NewWithNew, next.Chain[0]) || u.NewWithOld != nil {
			t.Errorf("%+v", u)
		}
	}
	w.link("root", next)
	u, err := w.ask(question).RootUpdate()
	check(t, err)
	link, err := cert.Parse(u.NewWithOld)
	check(t, err)
	by, err := cert.Parse(old.Chain[0])
	check(t, err)
	if link.CheckSignature(by.PublicKey) != nil || !link.Subject.Equal(by.Subject) {
		t.Errorf("the link is of %s by %s", link.Subject, link.Issuer)
	}
	refused := cmp.Info{Type: cmp.InfoRootCACert, Value: []byte{byte(der.Sequence), 0}}
	_, err = w.client().Ask(t.Context(), refused)
	refusedFor(t, err, cmp.BadDataFormat, "rootCaCert")
}

// link has one root certify another.
func (w *world) link(by string, ca *authority.CA) {
	w.t.Helper()
	w.profiles["link"] = "name: link\nversion: 1\nca: true\nkeys: { ec: [P-256] }\nvalidity: { default: 30d }\nsubject: { unlisted: keep }\nextensions: { keyUsage: { default: [keyCertSign, cRLSign] } }\n"
	signer, err := w.config.Keys.Signer(w.t.Context(), ca.Key)
	check(w.t, err)
	public, err := key.MarshalPublic(signer.Public())
	check(w.t, err)
	k := &key.Private{Signer: signer, Public: public}
	m := w.message(k, func(s *crmf.Spec) { subject := name(w.t, "CN=Test Root"); s.Template.Subject = &subject })
	r, err := request.FromMessage(m)
	check(w.t, err)
	out, err := w.authority.Submit(w.t.Context(), authority.Submission{CA: by, Profile: "link", Request: r, Origin: evidence.Origin{Door: "cli", Entitled: evidence.Operator()}})
	check(w.t, err)
	if out.Certificate == nil {
		w.t.Fatal(out.Refusal)
	}
}

func TestGenmCurrentCRL(t *testing.T) {
	w := asks(t)
	if a := w.ask(cmp.Info{Type: cmp.InfoCurrentCRL}); a.Value != nil {
		t.Errorf("a list before there is one: %x", a.Value)
	}
	lists, err := w.authority.PublishCRL(t.Context(), "issuing", authority.FullCRL, -1, "operator")
	check(t, err)
	if a := w.ask(cmp.Info{Type: cmp.InfoCurrentCRL}); !bytes.Equal(a.Value, lists[0].DER) {
		t.Errorf("%x", a.Value)
	}
}

// Lists are asked for by issuer or by distribution point, and sent where they
// are newer than the one at hand.
func TestGenmCRLStatusList(t *testing.T) {
	w := asks(t)
	_, err := w.authority.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) { s.Base = "http://pki.example" }, "operator")
	check(t, err)
	published, err := w.authority.PublishCRL(t.Context(), "issuing", authority.FullCRL, -1, "operator")
	check(t, err)
	list, err := crl.Parse(published[0].DER)
	check(t, err)
	issuer := []ext.GeneralName{ext.NewDirectoryName(name(t, "CN=Test Issuing"))}
	point := []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte("http://pki.example/crl/issuing.crl"))}
	elsewhere := []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte("http://pki.example/crl/other.crl"))}
	for _, c := range []struct {
		what string
		ask  cmp.CRLStatus
		want int
	}{
		{"by issuer", cmp.CRLStatus{Issuer: issuer}, 1},
		{"by point", cmp.CRLStatus{Point: point}, 1},
		{"by point, an older one at hand", cmp.CRLStatus{Point: point, ThisUpdate: list.ThisUpdate.Add(-time.Hour)}, 1},
		{"the same at hand", cmp.CRLStatus{Issuer: issuer, ThisUpdate: list.ThisUpdate}, 0},
		{"another issuer", cmp.CRLStatus{Issuer: []ext.GeneralName{ext.NewDirectoryName(name(t, "CN=Other"))}}, 0},
		{"another point", cmp.CRLStatus{Point: elsewhere}, 0},
	} {
		a := w.ask(cmp.NewCRLStatusList(c.ask))
		if a.Type != cmp.InfoCRLs || (a.Value != nil) != (c.want > 0) {
			t.Errorf("%s: %+v", c.what, a)
			continue
		}
		if c.want > 0 {
			got, err := a.Sequence()
			check(t, err)
			if len(got) != 1 || !bytes.Equal(got[0], published[0].DER) {
				t.Errorf("%s: %d lists", c.what, len(got))
			}
		}
	}
}

// The template of a request is the profile's: what it fixes, what is to be
// filled in, and the keys it takes.
func TestGenmCertReqTemplate(t *testing.T) {
	w := asks(t)
	w.profiles["plant"] = "name: plant\nversion: 1\nkeys: { ec: [P-256], ed25519: true, rsa: { min: 2048, max: 4096 } }\nvalidity: { default: 30d }\nsubject: { attributes: { O: { override: Plant }, CN: { presence: required, max: 64 }, L: { presence: forbidden } } }\nnames: { kinds: [dns], required: [dns] }\nextensions: { keyUsage: { default: [digitalSignature] }, extKeyUsage: { default: [clientAuth] } }\n"
	r, err := w.ask(cmp.Info{Type: cmp.InfoCertReqTemplate}).RequestTemplate()
	check(t, err)
	if got := r.Template.Subject.String(); got != "O=Plant,CN=" {
		t.Errorf("subject %q", got)
	}
	var kinds []string
	for _, e := range r.Template.Extensions {
		kinds = append(kinds, e.ID.Name())
	}
	if got := strings.Join(kinds, " "); got != "X509v3 Subject Alternative Name X509v3 Key Usage X509v3 Extended Key Usage" {
		t.Errorf("extensions %s", got)
	}
	if len(r.Algorithms) != 2 || r.Algorithms[0].ID != oid.ECPublicKey || r.Algorithms[1].ID != oid.Ed25519 || len(r.RSABits) != 1 || r.RSABits[0] != 2048 {
		t.Errorf("keys %+v, %v", r.Algorithms, r.RSABits)
	}
	if r.Template.PublicKey != nil || r.Template.Serial != nil || r.Template.Issuer != nil {
		t.Errorf("%+v", r.Template)
	}
}

func TestGenmKeyPairTypes(t *testing.T) {
	w := asks(t)
	w.profiles["plant"] = strings.Replace(plant, "keys: { ec: [P-256]", "keys: { ed25519: true, x25519: true, ec: [P-256, P-384]", 1)
	for _, c := range []struct {
		ask  oid.OID
		want []oid.OID
	}{
		{cmp.InfoSignKeyPairTypes, []oid.OID{oid.ECPublicKey, oid.ECPublicKey, oid.Ed25519, oid.RSAEncryption}},
		{cmp.InfoEncKeyPairTypes, []oid.OID{oid.ECPublicKey, oid.ECPublicKey, oid.RSAEncryption, oid.X25519}},
	} {
		all, err := w.ask(cmp.Info{Type: c.ask}).Algorithms()
		check(t, err)
		var got []oid.OID
		for _, a := range all {
			got = append(got, a.ID)
		}
		if len(got) != len(c.want) {
			t.Fatalf("%v, want %v", got, c.want)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v, want %v", got, c.want)
			}
		}
	}
}

func TestGenmPreferredSymmAlg(t *testing.T) {
	w := asks(t)
	a, err := key.ParseAlgorithmIdentifier(w.ask(cmp.Info{Type: cmp.InfoPreferredSymmAlg}).Value)
	if err != nil || a.ID != oid.AES256CBC {
		t.Errorf("%v, %v", a, err)
	}
}

// Nothing is to be encrypted to the authority, which an absent value says.
func TestGenmCAProtEncCert(t *testing.T) {
	w := asks(t)
	if a := w.ask(cmp.Info{Type: cmp.InfoCAProtEncCert}); a.Type != cmp.InfoCAProtEncCert || a.Value != nil {
		t.Errorf("%+v", a)
	}
}

func TestGenmLanguages(t *testing.T) {
	w := asks(t)
	for _, c := range []struct {
		ask  cmp.Info
		want string
	}{{cmp.Info{Type: cmp.InfoSuppLangTags}, "en"}, {cmp.LanguageTags("de", "en-GB"), "en-GB"}, {cmp.LanguageTags("fr", "EN"), "EN"}} {
		got, err := w.ask(c.ask).Texts()
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%v, %v, want %s", got, err, c.want)
		}
	}
	_, err := w.client().Ask(t.Context(), cmp.LanguageTags("de"))
	refusedFor(t, err, cmp.BadRequest, "none of the languages de is spoken here")
}

// What is asked with a value that the question does not have, and what is not
// known.
func TestGenmOdd(t *testing.T) {
	w := asks(t)
	for _, kind := range []oid.OID{cmp.InfoCACerts, cmp.InfoCurrentCRL, cmp.InfoCertReqTemplate, cmp.InfoCAProtEncCert, cmp.InfoSignKeyPairTypes, cmp.InfoEncKeyPairTypes, cmp.InfoPreferredSymmAlg} {
		_, err := w.client().Ask(t.Context(), cmp.Info{Type: kind, Value: []byte{byte(der.Integer), 1, 5}})
		refusedFor(t, err, cmp.BadRequest, "has a value")
		if _, err := w.client().Ask(t.Context(), cmp.Info{Type: kind, Value: []byte{byte(der.Null), 0}}); err != nil {
			t.Error(err)
		}
	}
	a := w.ask(cmp.Info{Type: cmp.InfoRevPassphrase})
	if a.Type != cmp.InfoUnsupportedOIDs || !bytes.Contains(a.Value, []byte(cmp.InfoRevPassphrase)) {
		t.Errorf("%+v", a)
	}
	_, err := w.client().Ask(t.Context())
	refusedFor(t, err, cmp.BadRequest, "the genm asks nothing")
	_, err = w.client().Ask(t.Context(), cmp.Info{Type: cmp.InfoCRLStatusList, Value: []byte{byte(der.Integer), 1, 5}})
	refusedFor(t, err, cmp.BadDataFormat, "crlStatusList")
}
