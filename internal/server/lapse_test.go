package server

import (
	"crypto/rand"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

const briefly = "name: brief\nversion: 1\nkeys: { ec: [P-256] }\nvalidity: { default: 30d, maximum: 60d }\nsubject: { unlisted: keep }\npossession: { confirmWithin: 6s }\n"

// What nobody confirms in time ends while servers run, two of them on the same
// records, and lists follow.
func TestUnconfirmedEndWhileServersRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		store := memstore.New()
		a, err := authority.New(authority.Config{Store: store, Keys: memkeys.New(), Now: time.Now,
			Profiles: func(name string) (*issuance.Profile, error) {
				if p, ok := issuance.BuiltInProfile(name); ok {
					return p, nil
				}
				return issuance.ParseProfile([]byte(briefly))
			}})
		check(err)
		subject, err := dn.ParseText("CN=Test Root")
		check(err)
		_, err = a.CreateCA(t.Context(), authority.NewCA{Name: "root", Subject: subject, KeyKind: "ecdsa-p256", By: "operator", PathLen: -1})
		check(err)
		k, err := key.Generate("ecdsa-p256", rand.Reader)
		check(err)
		algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
		check(err)
		made, err := pkcs10.Create(pkcs10.Template{Subject: subject}, k, algorithm)
		check(err)
		r, err := request.FromPKCS10(made)
		check(err)
		out, err := a.Submit(t.Context(), authority.Submission{CA: "root", Profile: "brief", Request: r, Asked: issuance.Asked{Confirm: true}})
		check(err)
		if out.Ticket.State != authority.StateUnconfirmed {
			t.Fatal(out.Ticket.State, out.Refusal)
		}
		status := func() authority.Status {
			c, err := store.Certificate(t.Context(), "root", out.Ticket.Serial)
			check(err)
			return c.Status
		}
		for range 2 {
			s := &Server{config: Config{Log: slog.New(slog.DiscardHandler), Office: &task.Office{Authority: a, Store: store, Now: time.Now}}}
			go s.lapse(t.Context())
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := status(); got != authority.StatusUnconfirmed {
			t.Errorf("%s before its time", got)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := status(); got != authority.StatusRevoked {
			t.Errorf("%s two seconds after its time", got)
		}
		lists, err := a.PublishCRL(t.Context(), "root", authority.FullCRL, -1, "system")
		check(err)
		if lists[0].Entries != 1 {
			t.Errorf("the list has %d entries", lists[0].Entries)
		}
	})
}
