package storetest

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
)

// testText stores what a hostile request may have in its texts.
func testText(t *testing.T, s authority.Store) {
	replaced := func(text string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	}
	for n, text := range []string{"a\x00b", "a\xffb", "\xc3", "\ufffd", "%_'\"\\$1?", strings.Repeat("ä", 10_000)} {
		c := issue(n + 1)
		c.PutTicket.Ticket.Requester, c.PutTicket.Ticket.IdempotencyKey = text, text
		c.AddCertificate.Subject, c.AddCertificate.Names = text, []string{"dns:" + text}
		c.PutRecords = []*authority.Record{{Kind: "order", ID: text, Name: text}}
		c.Events[0].Actor = text
		must(t, s, c)
		certificate, err := s.Certificate(t.Context(), "issuing", serial(n+1))
		check(t, err)
		ticket, err := s.TicketByKey(t.Context(), text)
		check(t, err)
		record, err := s.RecordNamed(t.Context(), "order", text)
		check(t, err)
		for _, got := range []string{certificate.Subject, certificate.Names[0][4:], ticket.Requester, record.ID} {
			if got != text && got != replaced(text) {
				t.Errorf("%.20q came back as %.20q", text, got)
			}
		}
		if list := collect(t, s.Certificates(t.Context(), authority.Query{Name: text})); text == replaced(text) && len(list) == 0 {
			t.Errorf("%.20q is not found by its name", text)
		}
		// What is not found is no error.
		collect(t, s.Certificates(t.Context(), authority.Query{Text: text, Requester: "x" + text}))
		must(t, s, &authority.Change{DeleteRecords: []*authority.Record{{Kind: "order", ID: text, Revision: 1}}})
	}
	chain(t, s, 6)
}
