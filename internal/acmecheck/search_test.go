package acmecheck

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/certwright/certwright/protocol/acme"
)

// searching is a system that completes names by the domain corp.test, unless
// they end with a dot, and knows only names in there.
type searching struct {
	texts map[string]string
	asked []string
}

func (s *searching) complete(name string) (full string, known bool) {
	s.asked = append(s.asked, name)
	full, absolute := strings.CutSuffix(name, ".")
	if !absolute {
		full = name + ".corp.test"
	}
	return full, strings.HasSuffix(full, ".corp.test")
}

func (s *searching) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if _, known := s.complete(host); !known {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func (s *searching) LookupTXT(_ context.Context, name string) ([]string, error) {
	full, known := s.complete(name)
	if !known {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return []string{s.texts[full]}, nil
}

// TestNamesAreAbsolute has somebody fulfil each challenge at the name below the
// search domain of this machine that is spelled like the one to be proven, and
// nobody at that.
func TestNamesAreAbsolute(t *testing.T) {
	thumb := strings.Repeat("t", 43)
	task := Task{Identifier: acme.Identifier{Type: acme.DNS, Value: "victim.example"}, Token: "token", Thumbprints: []string{thumb}, AccountURL: "https://ca.test/acct/1"}
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { out.Write([]byte(task.keyAuthorization())) }))
	defer host.Close()
	port := host.Listener.Addr().(*net.TCPAddr).Port
	c, err := New(Settings{HTTPPort: port, TLSPort: port, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, PersistNames: []string{"ca.test"}, PersistPrefix: "https://ca.test/hash/"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{acme.HTTP01, acme.TLSALPN01, acme.DNS01, acme.DNSAccount01, acme.DNSPersist01} {
		value := acme.DNSValue(task.keyAuthorization())
		system := &searching{texts: map[string]string{
			"_acme-challenge.victim.example.corp.test":                                       value,
			acme.AccountLabel(task.AccountURL) + "._acme-challenge.victim.example.corp.test": value,
			"_validation-persist.victim.example.corp.test":                                   "ca.test; accounturi=" + acme.HashedAccount("https://ca.test/hash/", "victim.example", thumb, task.AccountURL),
		}}
		c.resolvers = []*resolver{{system: system}}
		task.Method = method
		if _, problem := c.Check(t.Context(), task); problem == nil || strings.Contains(problem.Detail, "TLS") {
			t.Errorf("%s is believed of another name: %v", method, problem)
		}
		if len(system.asked) != 1 || !strings.HasSuffix(system.asked[0], "victim.example.") {
			t.Errorf("%s: the system was asked for %q", method, system.asked)
		}
	}
}
