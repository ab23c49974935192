package notice

import (
	"bufio"
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
	refuse   string // the answer to RCPT, where it is not to be taken
	done     chan struct{}

	commands []string
	text     string
}

func newMailServer(t *testing.T, secure *tls.Config) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{listener: l, secure: secure, done: make(chan struct{})}
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
			if s.refuse != "" {
				fmt.Fprintf(conn, "%s\r\n", s.refuse)
				continue
			}
			fmt.Fprintf(conn, "250 fine\r\n")
		case "DATA":
			fmt.Fprintf(conn, "354 go on\r\n")
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				s.text += line
			}
			fmt.Fprintf(conn, "250 taken\r\n")
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
	s := newMailServer(t, web.TLS)
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
		"Each certificate is told of once. To see one: certwright show SERIAL\r\n"
	if string(body) != want {
		t.Errorf("got\n%q\nwant\n%q", body, want)
	}
}

func TestMailFailures(t *testing.T) {
	s := newMailServer(t, nil)
	s.refuse = "550 nobody of that name"
	m := &Mail{Server: s.listener.Addr().String(), TLS: "none", From: "ca@example.org", To: []string{"a@example.org"}, Hello: "ca"}
	err := m.Send(t.Context(), alert(t, EndingCertificate{Ends: start}))
	if err == nil || !strings.HasPrefix(err.Error(), "mail server "+m.Server+": 550 ") || !strings.Contains(err.Error(), "nobody of that name") {
		t.Error(err)
	}
	<-s.done
	s.listener.Close()
	if err := m.Send(t.Context(), alert(t)); err == nil || !strings.HasPrefix(err.Error(), "mail server "+m.Server+": ") {
		t.Error(err)
	}
	s = newMailServer(t, &tls.Config{})
	m = &Mail{Server: s.listener.Addr().String(), TLS: "none", User: "u", Password: func() ([]byte, error) { return nil, errors.New("there is no secret in env:X") }, Hello: "ca"}
	if err := m.Send(t.Context(), alert(t)); err == nil || err.Error() != "mail server "+m.Server+": there is no secret in env:X" {
		t.Error(err)
	}
}
