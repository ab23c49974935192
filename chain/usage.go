package chain

import (
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// needed is what a purpose asks of a certificate.
type needed struct {
	usage    oid.OID
	keyUsage ext.KeyUsage // one of these bits, where there is a keyUsage
	words    string
	noAny    bool // anyExtendedKeyUsage and its absence do not do
}

var purposes = map[Purpose]needed{
	Server:       {oid.ServerAuth, ext.DigitalSignature | ext.KeyEncipherment | ext.KeyAgreement, "a TLS server", false},
	Client:       {oid.ClientAuth, ext.DigitalSignature | ext.KeyAgreement, "a TLS client", false},
	Email:        {oid.EmailProtection, ext.DigitalSignature | ext.NonRepudiation | ext.KeyEncipherment | ext.KeyAgreement, "e-mail", false},
	Code:         {oid.CodeSigning, ext.DigitalSignature, "signing code", false},
	TimeStamping: {oid.TimeStamping, ext.DigitalSignature | ext.NonRepudiation, "time stamps", true},
	OCSP:         {oid.OCSPSigning, ext.DigitalSignature | ext.NonRepudiation, "OCSP responses", true},
}

func checkKeyUsage(p *path) []Check {
	var found []Check
	for i, c := range p.certs {
		e, ok := ext.Find(c.Extensions, oid.KeyUsage)
		if !ok {
			continue
		}
		usage, err := ext.ParseKeyUsage(e.Value)
		if err != nil {
			continue // reported with the other extensions
		}
		want, asked := purposes[p.o.Purpose]
		switch {
		case i > 0 && usage&ext.KeyCertSign == 0:
			found = append(found, p.fail(i, p.called(i)+" may not sign certificates: its key usage lacks keyCertSign",
				"have the certificate issued by an authority whose key may sign certificates"))
		case i == 0 && asked && usage&want.keyUsage == 0:
			found = append(found, p.fail(0, "the key usage ("+strings.Join(ext.KeyUsageNames(usage), ", ")+") does not serve "+want.words,
				"have a certificate issued with "+strings.Join(ext.KeyUsageNames(want.keyUsage), " or ")))
		}
	}
	return found
}

func checkExtKeyUsage(p *path) []Check {
	want, asked := purposes[p.o.Purpose]
	if !asked {
		if p.o.Purpose != Any {
			return []Check{p.fail(0, "the purpose "+string(p.o.Purpose)+" is not known", "ask for server, client, email, code, timestamp or ocsp")}
		}
		return skip("no purpose was asked for")
	}
	var found []Check
	for i, c := range p.certs {
		e, ok := ext.Find(c.Extensions, oid.ExtKeyUsage)
		if !ok {
			if i == 0 && want.noAny {
				found = append(found, p.fail(0, "the certificate has no extended key usage, and "+want.words+" need "+want.usage.Name(), "have one issued for this purpose"))
			}
			continue
		}
		ids, err := ext.ParseExtKeyUsage(e.Value)
		if err != nil || allows(ids, want, i) {
			continue
		}
		fix := "have one issued with the extended key usage " + want.usage.Name()
		if i > 0 {
			fix = "get the certificate from an issuer that may issue for this purpose"
		}
		found = append(found, p.fail(i, p.called(i)+" is not for "+want.words+": it is for "+names(ids)+" only", fix))
	}
	return found
}

func allows(ids []oid.OID, want needed, depth int) bool {
	for _, id := range ids {
		if id == want.usage || id == oid.AnyExtKeyUsage && (depth > 0 || !want.noAny) {
			return true
		}
	}
	return false
}

func names(ids []oid.OID) string {
	var list []string
	for _, id := range ids {
		list = append(list, id.Name())
	}
	return strings.Join(list, ", ")
}
