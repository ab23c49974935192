package acmecheck

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/protocol/acme"
)

// intranet is a host with a page that nobody outside is to read.
type intranet struct {
	c    *Checker
	page http.HandlerFunc
}

const secretPage = `{"db_password":"hunter2"}`

func newIntranet(t *testing.T) *intranet {
	t.Helper()
	n := &intranet{}
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { n.page(out, r) }))
	t.Cleanup(host.Close)
	server := serve(t, func(out dns.ResponseWriter, query *dns.Msg, _ bool) {
		m := reply(t, query)
		switch query.Question[0].Qtype {
		case dns.TypeA:
			record, err := dns.NewRR(query.Question[0].Name + " 60 IN A 127.0.0.1")
			if err != nil {
				t.Error(err)
			}
			m.Answer = append(m.Answer, record)
		case dns.TypeTXT:
			m = reply(t, query, "internal-secret", "another")
		}
		out.WriteMsg(m)
	})
	port := host.Listener.Addr().(*net.TCPAddr).Port
	var err error
	n.c, err = New(Settings{Resolvers: []string{server}, HTTPPort: port, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *intranet) detail(t *testing.T, method string) string {
	t.Helper()
	_, problem := n.c.Check(context.Background(), Task{Method: method, Identifier: acme.Identifier{Type: acme.DNS, Value: "mallory.test"}, Token: "token", Thumbprints: []string{strings.Repeat("t", 43)}})
	if problem == nil {
		t.Fatal("no problem")
	}
	return problem.Detail
}

// TestForeignContent has a host send this server to a page of another, or to an
// address in a network that is private: what is there is not told.
func TestForeignContent(t *testing.T) {
	n := newIntranet(t)
	for _, redirected := range []bool{true, false} {
		n.page = func(out http.ResponseWriter, r *http.Request) {
			if redirected && strings.HasPrefix(r.URL.Path, "/.well-known/") {
				http.Redirect(out, r, "http://intranet.test/admin/config?dump=1", http.StatusFound)
				return
			}
			if redirected && r.URL.RawQuery == "dump=1" {
				http.Redirect(out, r, "/?session=4711", http.StatusFound)
				return
			}
			out.Write([]byte(secretPage))
		}
		detail := n.detail(t, acme.HTTP01)
		if strings.Contains(detail, "hunter2") || strings.Contains(detail, "session") || !strings.Contains(detail, "answered 25 octets, not the key authorization token.ttt") {
			t.Errorf("redirected %v: %s", redirected, detail)
		}
	}
	if detail := n.detail(t, acme.DNS01); strings.Contains(detail, "internal-secret") || !strings.Contains(detail, "there are 2 others") {
		t.Error(detail)
	}
}

// TestOwnContent is told: that of a public host that was asked itself.
func TestOwnContent(t *testing.T) {
	for _, c := range []struct {
		visit visit
		want  string
	}{
		{visit{}, `"abc"`}, {visit{private: true}, "3 octets"}, {visit{redirected: true}, "3 octets"},
	} {
		if got := c.visit.told([]byte("abc")); got != c.want {
			t.Errorf("%+v: %s, want %s", c.visit, got, c.want)
		}
	}
}
