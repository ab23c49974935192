package notice

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
)

// mailServer takes one mail, and keeps what it was told.
type mailServer struct {
	listener net.Listener
	secure   *tls.Config
	refuse   map[string]string // the answers to RCPT, by address, where they are not to be taken
	answer   string            // to the end of the text; empty: it is taken
	abrupt   bool              // the connection is closed then
	silent   func()            // is called then, and no answer given
	done     chan struct{}

	commands []string
	text     string
}

func newMailServer(t *testing.T, s *mailServer) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.done = l, make(chan struct{})
	t.Cleanup(func() { l.Close() })
	go s.serve()
	return s
}

func (s *mailServer) serve() {
	defer close(s.done)
	conn, err := s.listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	fmt.Fprintf(conn, "220 here\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		s.commands = append(s.commands, line)
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "EHLO":
			fmt.Fprintf(conn, "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
		case "STARTTLS":
			fmt.Fprintf(conn, "220 go on\r\n")
			conn = tls.Server(conn, s.secure)
			in = bufio.NewReader(conn)
		case "AUTH":
			fmt.Fprintf(conn, "235 welcome\r\n")
		case "RCPT":
			_, address, _ := strings.Cut(strings.Trim(line, ">"), "<")
			fmt.Fprintf(conn, "%s\r\n", cmp.Or(s.refuse[address], "250 fine"))
		case "DATA":
			fmt.Fprintf(conn, "354 go on\r\n")
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				s.text += line
			}
			if s.silent != nil {
				s.silent()
				continue
			}
			fmt.Fprintf(conn, "%s\r\n", cmp.Or(s.answer, "250 taken"))
			if s.abrupt {
				return
			}
		case "QUIT":
			fmt.Fprintf(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprintf(conn, "250 fine\r\n")
		}
	}
}

func alert(t *testing.T, list ...EndingCertificate) *Message {
	t.Helper()
	data, err := json.Marshal(EndingData{list})
	if err != nil {
		t.Fatal(err)
	}
	return &Message{ID: "m", Type: EndingType, Timestamp: start, Data: data}
}

func TestMail(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	s := newMailServer(t, &mailServer{secure: web.TLS})
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	m := &Mail{Server: s.listener.Addr().String(), TLS: "starttls", User: "u", Password: func() ([]byte, error) { return []byte("p"), nil },
		From: "ca@example.org", To: []string{"a@example.org", "b@example.org"}, Hello: "ca", Roots: roots}
	err := m.Send(t.Context(), alert(t,
		EndingCertificate{Alert: kindEnds, CA: "issuing", Serial: "01ab", Subject: "CN=x", Names: []string{"dns:ä.example"}, Ends: start, Profile: "server", Requester: "ann\r\nBcc: all@example.org"},
		EndingCertificate{Alert: kindMissed, CA: "issuing", Serial: "02", Subject: "CN=y", Ends: start}))
	if err != nil {
		t.Fatal(err)
	}
	<-s.done
	got := strings.Join(s.commands, "|")
	if want := "EHLO ca|STARTTLS|EHLO ca|AUTH PLAIN AHUAcA==|MAIL FROM:<ca@example.org>|RCPT TO:<a@example.org>|RCPT TO:<b@example.org>|DATA|QUIT"; got != want {
		t.Errorf("got %s", got)
	}
	parsed, err := mail.ReadMessage(strings.NewReader(s.text))
	if err != nil {
		t.Fatal(err)
	}
	if subject := parsed.Header.Get("Subject"); subject != "Certwright: 2 certificates end soon, 1 missed their renewal" || parsed.Header.Get("Bcc") != "" {
		t.Errorf("%v", parsed.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil {
		t.Fatal(err)
	}
	want := "These certificates end soon, and no others have taken their place:\r\n\r\n" +
		"* dns:ä.example: ends Sun, 01 Mar 2026 12:00:00 UTC\r\n  serial 01ab, of issuing, profile server, asked for by ann  Bcc: all@example.org\r\n" +
		"* CN=y: ends Sun, 01 Mar 2026 12:00:00 UTC; the renewal that was to be expected has not come\r\n  serial 02, of issuing, profile , asked for by \r\n\r\n" +
		"Each certificate is told of once, and once more if it misses its renewal. To see one: certwright show SERIAL\r\n"
	if string(body) != want {
		t.Errorf("got\n%q\nwant\n%q", body, want)
	}
}

func TestMailFailures(t *testing.T) {
	s := newMailServer(t, &mailServer{refuse: map[string]string{"a@example.org": "550 nobody of that name"}})
	m := &Mail{Server: s.listener.Addr().String(), TLS: "none", From: "ca@example.org", To: []string{"a@example.org"}, Hello: "ca"}
	err := m.Send(t.Context(), alert(t, EndingCertificate{Ends: start}))
	if err == nil || !strings.HasPrefix(err.Error(), "mail server "+m.Server+" does not take a@example.org: 550 ") || !strings.Contains(err.Error(), "nobody of that name") {
		t.Error(err)
	}
	<-s.done
	s.listener.Close()
	if err := m.Send(t.Context(), alert(t)); err == nil || !strings.HasPrefix(err.Error(), "mail server "+m.Server+": ") {
		t.Error(err)
	}
	s = newMailServer(t, &mailServer{})
	m = &Mail{Server: s.listener.Addr().String(), TLS: "none", User: "u", Password: func() ([]byte, error) { return nil, errors.New("there is no secret in env:X") }, Hello: "ca"}
	if err := m.Send(t.Context(), alert(t)); err == nil || err.Error() != "mail server "+m.Server+": there is no secret in env:X" {
		t.Error(err)
	}
}

// A recipient who is refused keeps nothing from the others; whom to try again
// is said (RFC 5321, Sections 3.3, 4.2.1 and 4.5.3.1.10).
func TestMailToSome(t *testing.T) {
	for _, c := range []struct {
		name   string
		server mailServer
		to     []string // of this try; empty: all
		sent   bool
		later  string
		cause  string
	}{
		{name: "all taken", sent: true},
		{name: "one gone", server: mailServer{refuse: map[string]string{"b@x": "550 5.1.1 no such user"}}, sent: true, cause: " does not take b@x: 550 "},
		{name: "one later", server: mailServer{refuse: map[string]string{"b@x": "451 come back"}}, sent: true, later: "b@x", cause: " does not take b@x: 451 "},
		{name: "too many", server: mailServer{refuse: map[string]string{"c@x": "552 too many recipients"}}, sent: true, later: "c@x", cause: " does not take c@x: 552 "},
		{name: "one gone, one later", server: mailServer{refuse: map[string]string{"a@x": "550 gone", "c@x": "450 busy"}}, sent: true, later: "c@x", cause: "a@x: 550 "},
		{name: "the rest", to: []string{"c@x"}, sent: true},
		{name: "nobody", server: mailServer{refuse: map[string]string{"a@x": "550 gone", "b@x": "550 gone", "c@x": "450 busy"}}, later: "c@x", cause: "c@x: 450 "},
		{name: "text refused", server: mailServer{answer: "554 spam", refuse: map[string]string{"c@x": "450 busy"}}, sent: true, later: "c@x", cause: " the text: 554 "},
		{name: "text later", server: mailServer{answer: "451 greylisted", refuse: map[string]string{"a@x": "550 gone"}}, sent: true, later: "b@x c@x", cause: " the text: 451 "},
		{name: "no answer to QUIT", server: mailServer{abrupt: true}, sent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMailServer(t, &c.server)
			m := &Mail{Server: s.listener.Addr().String(), TLS: "none", From: "ca@x", To: []string{"a@x", "b@x", "c@x"}, Hello: "ca"}
			message := alert(t, EndingCertificate{Ends: start})
			message.Left = c.to
			err := m.Send(t.Context(), message)
			<-s.done
			if sent := s.text != ""; sent != c.sent || c.to != nil && strings.Contains(strings.Join(s.commands, "|"), "TO:<a@x>") {
				t.Errorf("sent: %v; %q", sent, s.commands)
			}
			var u *Undelivered
			if c.cause == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if some := c.sent && c.server.answer == ""; !errors.As(err, &u) || u.Some != some || strings.Join(u.Left, " ") != c.later || !strings.Contains(err.Error(), c.cause) {
				t.Errorf("%v; left %+v", err, u)
			}
		})
	}
}

// No line is longer than 998 octets (RFC 5322, Section 2.1.1), and no address
// is lost by that.
func TestMailToMany(t *testing.T) {
	s := newMailServer(t, &mailServer{})
	m := &Mail{Server: s.listener.Addr().String(), TLS: "none", From: "ca@example.org", Hello: "ca"}
	for i := range 90 {
		m.To = append(m.To, fmt.Sprintf("somebody-%d@department.example.org", i))
	}
	if err := m.Send(t.Context(), alert(t, EndingCertificate{Subject: strings.Repeat("x", 2000), Ends: start})); err != nil {
		t.Fatal(err)
	}
	<-s.done
	for line := range strings.Lines(s.text) {
		if len(line) > 1000 {
			t.Errorf("a line of %d octets: %.40s…", len(line), line)
		}
	}
	parsed, err := mail.ReadMessage(strings.NewReader(s.text))
	if err != nil {
		t.Fatal(err)
	}
	if to, err := parsed.Header.AddressList("To"); err != nil || len(to) != 90 || to[89].Address != m.To[89] {
		t.Errorf("%v: %v", err, to)
	}
}

// A mail server may take minutes to answer (RFC 5321, Section 4.5.3.2), and
// nobody waits for it once the context has ended.
func TestMailEndsWithItsContext(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	s := newMailServer(t, &mailServer{silent: end})
	m := &Mail{Server: s.listener.Addr().String(), TLS: "none", From: "ca@x", To: []string{"a@x"}, Hello: "ca"}
	if err := m.Send(ctx, alert(t, EndingCertificate{Ends: start})); err == nil || ctx.Err() == nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
	<-s.done
}
