package notice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// Mail sends messages by a mail server (RFC 5321).
type Mail struct {
	Server   string // HOST:PORT
	TLS      string // "starttls", "tls", "none"
	User     string
	Password func() ([]byte, error)
	From     string
	To       []string
	Hello    string         // the name this machine gives itself
	Roots    *x509.CertPool // nil: the system's
}

// PatienceOfMail is how long a try may take: a mail server may think for ten
// minutes about a text that it has got, and whoever does not wait sends it twice
// (RFC 5321, Section 4.5.3.2.6).
const PatienceOfMail = 12 * time.Minute

// Send sends one message to everybody, or to those that it has not reached yet.
// Where the server does not take it for all, the error is an *Undelivered.
func (m *Mail) Send(ctx context.Context, message *Message) error {
	text, err := m.compose(message)
	if err != nil {
		return err
	}
	to := m.To
	if len(message.Left) > 0 {
		to = slices.DeleteFunc(slices.Clone(m.To), func(a string) bool { return !slices.Contains(message.Left, a) })
		if len(to) == 0 {
			return nil // those that were left are not to be told any more
		}
	}
	client, err := m.connect(ctx)
	if err != nil {
		return fmt.Errorf("mail server %s: %w", m.Server, err)
	}
	defer client.Close()
	left, refusals, some, err := m.deliver(client, to, text)
	switch {
	case err != nil:
		return fmt.Errorf("mail server %s: %w", m.Server, err)
	case len(refusals) > 0:
		return &Undelivered{Left: left, Some: some, Cause: fmt.Errorf("mail server %s does not take %s", m.Server, strings.Join(refusals, "; nor "))}
	}
	return nil
}

func (m *Mail) connect(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: timeout}
	conn, err := dialer.DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return nil, err
	}
	under := conn
	context.AfterFunc(ctx, func() { under.SetDeadline(time.Unix(1, 0)) })
	secure := &tls.Config{ServerName: host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12}
	if m.TLS == "tls" {
		conn = tls.Client(conn, secure)
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	err = client.Hello(m.Hello)
	if err == nil && m.TLS == "starttls" {
		err = client.StartTLS(secure)
	}
	if err == nil && m.User != "" {
		err = m.login(client, host)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func (m *Mail) login(client *smtp.Client, host string) error {
	password, err := m.Password()
	if err != nil {
		return err
	}
	return client.Auth(smtp.PlainAuth("", m.User, string(password), host))
}

// deliver sends a text to those that the server takes it for. It returns what
// the server refused, each with its answer, who is to be tried again (an answer
// 4yz is for now, one of 5yz for good: RFC 5321, Section 4.2.1), and whether
// somebody has it.
func (m *Mail) deliver(client *smtp.Client, to []string, text []byte) (left, refusals []string, some bool, err error) {
	if err := client.Mail(m.From); err != nil {
		return nil, nil, false, err
	}
	var taken []string
	for _, address := range to {
		err := client.Rcpt(address)
		code, answered := answer(err)
		switch {
		case err == nil:
			taken = append(taken, address)
			continue
		case !answered:
			return nil, nil, false, err
		case code/100 == 4 || code == tooMany:
			left = append(left, address)
		}
		refusals = append(refusals, fmt.Sprintf("%s: %v", address, err))
	}
	if len(taken) > 0 {
		err := send(client, text)
		code, answered := answer(err)
		switch {
		case err == nil:
			some = true
		case !answered:
			return nil, nil, false, err
		case code/100 == 4:
			left = append(taken, left...)
			fallthrough
		default:
			refusals = append(refusals, fmt.Sprintf("the text: %v", err))
		}
	}
	client.Quit() // whatever comes of it: what was taken, was taken with the answer to the text
	return left, refusals, some, nil
}

// tooMany is an answer to RCPT that is for now, though it looks as if it were
// for good (RFC 5321, Section 4.5.3.1.10).
const tooMany = 552

// answer is the code of what a server answered, where the error is that.
func answer(err error) (code int, answered bool) {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return 0, false
	}
	return said.Code, true
}

// send sends a text. It has been taken when there is no error.
func send(client *smtp.Client, text []byte) error {
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// compose writes the mail (RFC 5322), each address on a line of its own: many
// would make one too long (Section 2.1.1). The same message has the same
// Message-ID, so that one that came twice is seen to be one.
func (m *Mail) compose(message *Message) ([]byte, error) {
	subject, lines, err := describe(message)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(message.ID))
	_, domain, _ := strings.Cut(m.From, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", "<" + m.From + ">"}, {"To", "<" + strings.Join(m.To, ">,\r\n <") + ">"}, {"Subject", subject},
		{"Date", message.Timestamp.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700")},
		{"Message-ID", fmt.Sprintf("<%x@%s>", sum[:12], domain)}, {"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		return nil, err
	}
	return b.Bytes(), q.Close()
}

// describe puts a message into words. What others wrote stands in the body
// only, and there on one line.
func describe(m *Message) (subject string, lines []string, err error) {
	if m.Type != EndingType {
		return "Certwright: " + m.Type, []string{string(m.Data)}, nil
	}
	var data EndingData
	if err := json.Unmarshal(m.Data, &data); err != nil {
		return "", nil, fmt.Errorf("reading an alert: %w", err)
	}
	count := map[string]int{}
	lines = append(lines, "These certificates end soon, and no others have taken their place:", "")
	for i := range data.Certificates {
		c := &data.Certificates[i]
		count[c.Alert]++
		lines = append(lines, c.lines()...)
	}
	lines = append(lines, "", "Each certificate is told of once, and once more if it misses its renewal. To see one: certwright show SERIAL")
	all := len(data.Certificates)
	subject = fmt.Sprintf("Certwright: %d certificates end soon", all)
	switch {
	case all == 1 && count[kindAuthority] == 1:
		return "Certwright: the certificate of an authority ends soon", lines, nil
	case all == 1:
		subject = "Certwright: a certificate ends soon"
	case count[kindAuthority] == 1:
		subject += ", 1 of an authority"
	case count[kindAuthority] > 1:
		subject += fmt.Sprintf(", %d of authorities", count[kindAuthority])
	}
	if missed := count[kindMissed]; missed > 0 {
		subject += fmt.Sprintf(", %d missed their renewal", missed)
	}
	return subject, lines, nil
}

// lines puts one certificate into words.
func (c *EndingCertificate) lines() []string {
	name, ends := c.Subject, c.Ends.UTC().Format(time.RFC1123)
	if c.Alert == kindAuthority {
		return []string{fmt.Sprintf("* the authority %s (%s): ends %s; what it has signed ends with it, unless it is renewed", oneLine(c.CA), oneLine(name), ends),
			fmt.Sprintf("  serial %s; to see it: certwright ca show %s", c.Serial, oneLine(c.CA))}
	}
	if len(c.Names) > 0 {
		name = strings.Join(c.Names, ", ")
	}
	note := ""
	if c.Alert == kindMissed {
		note = "; the renewal that was to be expected has not come"
	}
	return []string{fmt.Sprintf("* %s: ends %s%s", oneLine(name), ends, note),
		fmt.Sprintf("  serial %s, of %s, profile %s, asked for by %s", c.Serial, oneLine(c.CA), oneLine(c.Profile), oneLine(c.Requester))}
}

// oneLine keeps a text from others on its line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r >= 0x80 && r <= 0x9f {
			return ' '
		}
		return r
	}, text)
}
