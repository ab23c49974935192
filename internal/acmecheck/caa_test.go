package acmecheck

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/protocol/acme"
)

// TestWhyCAARefuses tells apart records for other authorities and records for
// this one that are broken.
func TestWhyCAARefuses(t *testing.T) {
	var values []string
	server := serve(t, func(out dns.ResponseWriter, query *dns.Msg, _ bool) {
		m := reply(t, query)
		for _, value := range values {
			record, err := dns.NewRR(query.Question[0].Name + ` 60 IN CAA 0 issue "` + value + `"`)
			if err != nil {
				t.Error(err)
			}
			m.Answer = append(m.Answer, record)
		}
		out.WriteMsg(m)
	})
	c, err := New(Settings{Resolvers: []string{server}, CAAIdentities: []string{"ca.test"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]string{
		"ca.test; bad bad":                                            `name ca.test with parameters that cannot be read ("bad bad" is no parameter of the form tag=value)`,
		"CA.test; accounturi=x; accounturi=x":                         "name ca.test with parameters that cannot be read (the parameter accounturi is there twice)",
		"other.test; bad bad":                                         "name other authorities than ca.test",
		"ca.test; bad bad|other.test":                                 "name ca.test with parameters that cannot be read",
		"other.test|ca.test; accounturi=https://ca.test/acct/2":       "permit another account than https://ca.test/acct/1",
		"ca.test; bad bad|ca.test; accounturi=https://ca.test/acct/1": "",
	} {
		values = strings.Split(list, "|")
		got := ""
		if p := c.Permitted(t.Context(), Task{Method: acme.DNS01, Identifier: acme.Identifier{Type: acme.DNS, Value: "a.test"}, AccountURL: "https://ca.test/acct/1"}); p != nil {
			got = p.Detail
		}
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}
