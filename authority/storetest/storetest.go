// Package storetest is the contract of authority.Store as tests: every Store
// must pass them.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/certwright/certwright/authority"
)

// Run tests the Store that open makes, empty each time; open sees to its end.
func Run(t *testing.T, open func(t *testing.T) authority.Store) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, s authority.Store)
	}{
		{"authorities", testAuthorities},
		{"tickets", testTickets},
		{"ticket states", testTicketStates},
		{"ticket queries", testTicketQueries},
		{"idempotency keys", testIdempotencyKeys},
		{"used keys", testUsedKeys},
		{"claims of long ago", testClaims},
		{"guarded keys", testKeyGuards},
		{"certificates", testCertificates},
		{"unique serials", testUniqueSerials},
		{"certificate queries", testCertificateQueries},
		{"order and limits", testOrder},
		{"pages", testPages},
		{"statuses", testStatuses},
		{"unconfirmed certificates", testUnconfirmed},
		{"revocations", testRevocations},
		{"delta revocations", testDeltaRevocations},
		{"revocation lists", testCRLs},
		{"whole or not at all", testWhole},
		{"one failure alone", testAlone},
		{"audit chain", testAudit},
		{"concurrent commits", testConcurrent},
		{"competing updates", testCompeting},
		{"retention", testRetention},
		{"records", testRecords},
		{"records by name", testRecordNames},
		{"records together", testRecordsTogether},
		{"record queries", testRecordQueries},
		{"grounds", testGrounds},
		{"competing records", testCompetingRecords},
		{"text of any kind", testText},
		{"reading while writing", testReadWhileWriting},
		{"ended context", testContext},
		{"close", testClose},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, open(t)) })
	}
}

// RunDurable tests that what was committed is there after the store was
// closed and opened again; open opens the store kept in a folder.
func RunDurable(t *testing.T, open func(t *testing.T, folder string) authority.Store) {
	folder := t.TempDir()
	s := open(t, folder)
	ca, ticket, certificate, record := aCA("root"), aTicket(1), aCertificate(1), aRecord("kept")
	check(t, s.PutRecords(t.Context(), record))
	must(t, s, &authority.Change{PutCA: &authority.CAWrite{CA: ca}, PutTicket: &authority.TicketWrite{Ticket: ticket},
		AddCertificate: certificate, Events: []*authority.Event{anEvent("first")}})
	seq, hash, err := s.Head(t.Context())
	check(t, err)
	check(t, s.Close())
	s = open(t, folder)
	defer s.Close()
	gotCA, err := s.CA(t.Context(), "root")
	check(t, err)
	equal(t, "authority", gotCA, ca)
	gotTicket, err := s.Ticket(t.Context(), ticket.ID)
	check(t, err)
	equal(t, "ticket", gotTicket, ticket)
	gotCertificate, err := s.Certificate(t.Context(), certificate.CA, certificate.Serial)
	check(t, err)
	equal(t, "certificate", gotCertificate, certificate)
	gotRecord, err := s.Record(t.Context(), record.Kind, record.ID)
	check(t, err)
	equal(t, "record", gotRecord, record)
	gotSeq, gotHash, err := s.Head(t.Context())
	check(t, err)
	equal(t, "head", fmt.Sprintf("%d %x", gotSeq, gotHash), fmt.Sprintf("%d %x", seq, hash))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must commits changes that all have to be applied.
func must(t *testing.T, s authority.Store, changes ...*authority.Change) {
	t.Helper()
	errs, err := s.Commit(context.Background(), changes...)
	if err == nil {
		err = errors.Join(errs...)
	}
	check(t, err)
}

// fails commits one change that has to fail with an error of this kind.
func fails(t *testing.T, s authority.Store, want error, change *authority.Change) {
	t.Helper()
	errs, err := s.Commit(t.Context(), change)
	check(t, err)
	if len(errs) != 1 || !errors.Is(errs[0], want) {
		t.Fatalf("got %v, want %v", errs, want)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func collect[T any](t *testing.T, records iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for r, err := range records {
		check(t, err)
		out = append(out, r)
	}
	return out
}

// day returns noon of a day of 2026, with milliseconds.
func day(n int) time.Time {
	return time.Date(2026, 1, n, 12, 0, 0, 7_000_000, time.UTC)
}

func sum(text string) []byte {
	s := sha256.Sum256([]byte(text))
	return s[:]
}

// serial returns a serial number of 16 octets that does not sort by n.
func serial(n int) []byte {
	s := sum(fmt.Sprint("serial", n))[:16]
	binary.BigEndian.PutUint16(s[14:], uint16(n))
	s[0] = s[0]&0x7f | 1
	return s
}

func aCA(name string) *authority.CA {
	return &authority.CA{
		Name: name, State: "active", Parent: "above", Key: "file:" + name, Request: []byte("request"),
		Chain: [][]byte{[]byte("own certificate"), {0, 1, 0xff}}, Settings: []byte(`{"crlValidity":7}`), Created: day(1),
	}
}

func aTicket(n int) *authority.Ticket {
	return &authority.Ticket{
		ID: fmt.Sprintf("01J00000000000000000000%03d", n), State: authority.StateHeld, CA: "issuing",
		Profile: "server", ProfileVersion: "1+abc", Format: "pkcs10", Request: []byte(fmt.Sprint("request ", n)),
		Fingerprint: sum(fmt.Sprint("request ", n)), KeyFingerprint: sum(fmt.Sprint("key ", n)),
		Subject: "CN=Ärger\\, one,O=b", Requester: "anna", Asked: []byte(`{}`), Evidence: []byte(`{"origin":{}}`),
		Findings: []byte(`[]`), Changes: []byte(`[{"field":"a"}]`), Replaces: []byte{9},
		Messages: []authority.Message{{At: day(2), From: "officer", Kind: "note", Text: "a\nb"}}, Created: day(n),
	}
}

func issuedTicket(n int) *authority.Ticket {
	t := aTicket(n)
	t.State, t.Serial, t.Decided, t.Decider = authority.StateIssued, serial(n), day(n), "profile"
	return t
}

func aCertificate(n int) *authority.Certificate {
	return &authority.Certificate{
		CA: "issuing", Serial: serial(n), DER: []byte(fmt.Sprint("certificate ", n)),
		Fingerprint: sum(fmt.Sprint("certificate ", n)), KeyFingerprint: sum(fmt.Sprint("key ", n)),
		Subject: fmt.Sprintf("CN=Host %d,O=Café", n), SubjectKey: []byte{1, 2},
		Names:     []string{fmt.Sprintf("dns:h%d.Example.org", n), "ip:2001:db8::1"},
		NotBefore: day(1), NotAfter: day(100 + n), Profile: "server", ProfileVersion: "1+abc", Requester: "anna",
		Ticket: aTicket(n).ID, Replaces: []byte{7}, Shard: n % 3, Status: authority.StatusValid, Issued: day(n),
	}
}

// issue is the change that issues certificate n.
func issue(n int) *authority.Change {
	return &authority.Change{
		PutTicket: &authority.TicketWrite{Ticket: issuedTicket(n)}, AddCertificate: aCertificate(n),
		Events: []*authority.Event{anEvent(fmt.Sprint("issue ", n))},
	}
}

func anEvent(object string) *authority.Event {
	return &authority.Event{At: day(3).Add(123 * time.Microsecond), Actor: "officer", Action: "test.done", Object: object, Detail: []byte(`{"a":1}`)}
}
