package openssl

import (
	"strings"
	"testing"
)

// TestListsAreTakenForWhatTheySpeakOf verifies certificates with all kinds of
// distribution points by lists of all scopes.
func TestListsAreTakenForWhatTheySpeakOf(t *testing.T) {
	w := newTwin(t)
	const sections = "[plain]\nbasicConstraints=CA:FALSE\n[ca]\nbasicConstraints=CA:TRUE\n[one]\ncrlDistributionPoints=URI:http://a/1.crl\n[two]\ncrlDistributionPoints=URI:http://a/0.crl,URI:http://a/1.crl\n" +
		"[some]\ncrlDistributionPoints=p\n[p]\nfullname=URI:http://a/1.crl\nreasons=keyCompromise,CACompromise\nCRLissuer=dirName:issuer\n[issuer]\nCN=root\n[other]\ncrlDistributionPoints=q\n[q]\nrelativename=part\n[part]\nOU=lists\n"
	w.put(t, "kinds.ext", []byte(sections))
	kinds := []string{"plain", "ca", "one", "two", "some", "other"}
	for _, kind := range kinds {
		made, talk, code := reference(t, w.theirs, "", strings.Fields("x509 -req -in l.csr -CA root.pem -CAkey k.pem -extfile kinds.ext -extensions "+kind)...)
		if code != 0 {
			t.Fatal(talk)
		}
		w.put(t, kind+".pem", []byte(made))
	}
	scopes := map[string]string{
		"whole": "", "first": "fullname=URI:http://a/1.crl", "second": "fullname=URI:http://a/2.crl", "users": "onlyuser=TRUE", "authorities": "onlyCA=TRUE", "attributes": "onlyAA=TRUE",
		"indirect": "indirectCRL=TRUE", "reasons": "onlysomereasons=keyCompromise", "both": "onlyuser=TRUE\nonlyCA=TRUE", "relative": "relativename=part\n[part]\nOU=lists",
		"firstuser": "fullname=URI:http://a/1.crl\nonlyuser=TRUE",
	}
	for name, scope := range scopes {
		extension := ""
		if scope != "" {
			extension = "issuingDistributionPoint=critical,@i\n"
		}
		w.put(t, "list.cnf", []byte("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\nprivate_key=k.pem\ncertificate=root.pem\ndefault_crl_days=30\ncrl_extensions=e\n"+
			"[e]\nauthorityKeyIdentifier=keyid\n"+extension+"[i]\n"+scope+"\n"))
		made, talk, code := reference(t, w.theirs, "", strings.Fields("ca -config list.cnf -gencrl")...)
		if code != 0 {
			t.Fatal(talk)
		}
		w.put(t, name+".crl", []byte(made))
	}
	for _, lists := range []string{"whole", "first", "second", "users", "authorities", "attributes", "indirect", "reasons", "both", "relative", "firstuser", "second first", "users authorities", "reasons whole", "attributes whole"} {
		for _, kind := range kinds {
			line := "verify -CAfile root.pem -crl_check"
			for name := range strings.FieldsSeq(lists) {
				line += " -CRLfile " + name + ".crl"
			}
			w.compare(t, "", line+" "+kind+".pem")
		}
	}
}
