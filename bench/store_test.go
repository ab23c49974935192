package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/sqlite"
)

// preloaded is how many certificates are in the store before the clock
// starts; STORE_ROWS sets it, to 1000000 for the figure of the README.
func preloaded(b *testing.B) int {
	text := os.Getenv("STORE_ROWS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("STORE_ROWS=%s is not a number", text)
	}
	return n
}

// issueOne is one issue as the authority records it, of the sizes that a
// P-256 request with two names has.
func issueOne(n int) *authority.Change {
	random := make([]byte, 1200)
	rand.Read(random)
	serial, request, der := random[:16], random[16:400], random[400:1050]
	serial[0] = serial[0]&0x7f | 1
	fingerprint, key := sha256.Sum256(request), sha256.Sum256(der[:64])
	now := time.Now()
	id := fmt.Sprintf("01%024d", now.UnixNano())
	host := fmt.Sprintf("dns:host-%x.example.org", random[:6])
	ticket := &authority.Ticket{
		ID: id, State: authority.StateIssued, CA: "issuing", Profile: "server", ProfileVersion: "1+0123456789ab", Format: "pkcs10",
		Request: request, Fingerprint: fingerprint[:], KeyFingerprint: key[:], Subject: "CN=" + host[4:], Requester: "operator",
		IdempotencyKey: fmt.Sprintf("batch:%x", fingerprint), Asked: []byte(`{}`), Evidence: make([]byte, 155), Findings: make([]byte, 60),
		Changes: make([]byte, 200), Serial: serial, Created: now, Decided: now, Decider: "profile",
	}
	certificate := &authority.Certificate{
		CA: "issuing", Serial: serial, DER: der, Fingerprint: key[:], KeyFingerprint: key[:], Subject: ticket.Subject, SubjectKey: []byte(ticket.Subject),
		Names: []string{host}, NotBefore: now, NotAfter: now.Add(90 * 24 * time.Hour), Profile: "server", ProfileVersion: "1+0123456789ab",
		Requester: "operator", Ticket: id, Status: authority.StatusValid, Issued: now,
	}
	return &authority.Change{
		PutTicket: &authority.TicketWrite{Ticket: ticket}, AddCertificate: certificate,
		Events: []*authority.Event{{At: now, Actor: "operator", Action: "certificate.issued", Object: "ticket:" + id, Detail: make([]byte, 417)}},
	}
}

// openStore opens a new store, or the file STORE_PATH, and fills it up to the
// rows wanted.
func openStore(b *testing.B) *sqlite.Store {
	path := os.Getenv("STORE_PATH")
	if path == "" {
		path = filepath.Join(b.TempDir(), "store.db")
	}
	s, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	there, _, err := s.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for left := preloaded(b) - int(there); left > 0; left -= 1000 {
		var changes []*authority.Change
		for i := range 1000 {
			changes = append(changes, issueOne(i))
		}
		commit(b, s, changes...)
	}
	return s
}

func commit(b *testing.B, s authority.Store, changes ...*authority.Change) {
	errs, err := s.Commit(context.Background(), changes...)
	if err == nil {
		err = errors.Join(errs...)
	}
	if err != nil {
		b.Error(err)
	}
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkStoreIssue commits issues, durably, from 1, 32 and 256 callers.
func BenchmarkStoreIssue(b *testing.B) {
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			s := openStore(b)
			var group sync.WaitGroup
			before := processorTime()
			b.ResetTimer()
			for caller := range callers {
				group.Go(func() {
					for i := caller; i < b.N; i += callers {
						commit(b, s, issueOne(i))
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certificates/s")
			b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkStoreOpen opens and closes a store that exists.
func BenchmarkStoreOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store.db")
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.CAs(b.Context()); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
