package issuance_test

import (
	"testing"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// What the certificate would name is held against the names that the sender may
// have, wherever it comes from.
func TestNamesOfTheSender(t *testing.T) {
	const copied = "names: { fromCommonName: true, fromEmail: true, kinds: [dns, ip, email] }\n"
	for _, c := range []struct {
		name, profile, subject string
		names, of              []string
		field                  string // of the refusal; empty where there is none
	}{
		{"copied from the common name", copied, "CN=evil.other.example", nil, nil, "subjectAltName"},
		{"common name alone", "", "CN=evil.other.example", nil, nil, "subject.CN"},
		{"second common name", "", "CN=a.plant.example,CN=evil.other.example", nil, nil, "subject.CN"},
		{"name with a point behind", "", "CN=evil.other.example.", nil, nil, "subject.CN"},
		{"wildcard", "", "CN=*.other.example", nil, nil, "subject.CN"},
		{"name with a stroke below", "", "CN=e_vil.other.example", nil, nil, "subject.CN"},
		{"address", copied, "CN=192.0.2.1", nil, nil, "subjectAltName"},
		{"mail address as common name", "", "CN=a@other.example", nil, nil, "subject.CN"},
		{"mail address of the subject", "", "CN=pump,emailAddress=a@other.example", nil, nil, "subject.emailAddress"},
		{"name of the request", "", "CN=pump", []string{"dns:evil.other.example"}, nil, "subjectAltName"},
		{"one of two", "", "CN=pump", []string{"dns:a.plant.example", "dns:evil.other.example"}, nil, "subjectAltName"},
		{"whole subject", "", "CN=valve", nil, []string{"subject:CN=pump-*"}, "subject"},
		{"covered", copied, "CN=A.plant.example", []string{"dns:b.plant.example"}, nil, ""},
		{"no host", copied, "CN=pump", nil, nil, ""},
		{"words", copied, "CN=Pump No. 7", nil, nil, ""},
		{"subject covered", "", "CN=pump-7", nil, []string{"subject:CN=pump-*"}, ""},
		{"covered mail", copied, "CN=pump,emailAddress=a@plant.example", nil, []string{"email:*@plant.example"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
			r := newRequest(t, newKey(t, "ecdsa-p256"), c.subject)
			if c.names != nil {
				r = newRequest(t, newKey(t, "ecdsa-p256"), c.subject, sanOf(t, c.names...)...)
			}
			e := proven(r)
			e.Origin.Names, e.Origin.NamesOf = []string{"dns:*.plant.example"}, `the secret "r"`
			if c.of != nil {
				e.Origin.Names = c.of
			}
			j := parseProfile(t, base+c.profile+"subject: { unlisted: keep }\n").Judge(r, e, root.issuer, issuance.Asked{}, start)
			f, refused := finding(j, "names-of-sender", request.NotAuthorized)
			if refused != (c.field != "") || f.Field != c.field {
				t.Errorf("%+v", j.Findings())
			}
		})
	}
}

// The subject that the certificate would have must be the sender's where that
// is known.
func TestSubjectOfTheSender(t *testing.T) {
	one := []evidence.SubjectAttribute{{Type: "serialNumber", Value: "SN-7"}}
	for _, c := range []struct {
		name, profile, subject string
		want                   []evidence.SubjectAttribute
		field                  string // of the refusal; empty where there is none
	}{
		{"the same", "", "CN=pump,serialNumber=SN-7", one, ""},
		{"the same in small letters", "", "CN=pump,serialNumber=sn-7", one, "subject.serialNumber"},
		{"the same with blanks", "", "CN=pump,serialNumber=SN  7", []evidence.SubjectAttribute{{Type: "serialNumber", Value: "SN 7"}}, "subject.serialNumber"},
		{"another", "", "CN=pump,serialNumber=SN-8", one, "subject.serialNumber"},
		{"none", "", "CN=pump", one, "subject.serialNumber"},
		{"one more", "", "CN=pump,serialNumber=SN-7,serialNumber=SN-8", one, "subject.serialNumber"},
		{"one less", "", "CN=pump,serialNumber=SN-7", append(one[:1:1], evidence.SubjectAttribute{Type: "serialNumber", Value: "SN-8"}), "subject.serialNumber"},
		{"two", "", "CN=pump,serialNumber=SN-8,serialNumber=SN-7", append(one[:1:1], evidence.SubjectAttribute{Type: "serialNumber", Value: "SN-8"}), ""},
		{"two types", "", "CN=pump,serialNumber=SN-7", append(one[:1:1], evidence.SubjectAttribute{Type: "CN", Value: "valve"}), "subject.CN"},
		{"a type nobody knows", "", "CN=pump,serialNumber=SN-7", []evidence.SubjectAttribute{{Type: "nonsense", Value: "x"}}, "subject"},
		{"dropped by the profile", "subject: { attributes: { serialNumber: { presence: dropped } }, unlisted: keep }\n", "CN=pump,serialNumber=SN-7", one, "subject.serialNumber"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
			r := newRequest(t, newKey(t, "ecdsa-p256"), c.subject)
			e := proven(r)
			e.Origin.Subject, e.Origin.NamesOf = c.want, "the certificate of the device"
			profile := c.profile
			if profile == "" {
				profile = "subject: { unlisted: keep }\n"
			}
			j := parseProfile(t, base+profile).Judge(r, e, root.issuer, issuance.Asked{}, start)
			f, refused := finding(j, "subject-of-sender", request.NotAuthorized)
			if refused != (c.field != "") || f.Field != c.field {
				t.Errorf("%+v", j.Findings())
			}
		})
	}
}
