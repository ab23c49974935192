package server

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/certwright/certwright/internal/config"
)

// pipes is a listener of connections in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// echo answers with the size of what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}
	fmt.Fprintf(w, "%d octets", n)
}

// piped runs the HTTP server of a listener over pipes.
func piped(t *testing.T, h http.Handler, l config.Limits) (*pipes, *crowd, func()) {
	t.Helper()
	p, c := newPipes(), newCrowd(l.Connections)
	s := newHTTP(h, l, c)
	done := make(chan struct{})
	go func() { s.Serve(p); close(done) }()
	return p, c, func() { s.Close(); <-done }
}

func limits() config.Limits { return config.Default().Limits }

// TestSlowClients runs in time that does not pass for others.
func TestSlowClients(t *testing.T) {
	for name, c := range map[string]struct {
		send  func(conn net.Conn)
		after time.Duration
	}{
		"says nothing":           {func(net.Conn) {}, 10 * time.Second},
		"a header by the letter": {func(conn net.Conn) { trickle(conn, "GET / HTTP/1.1\r\nHost: "+strings.Repeat("a", 1000)) }, 10 * time.Second},
		"a body by the letter": {func(conn net.Conn) {
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
			trickle(conn, strings.Repeat("a", 1000))
		}, 30 * time.Second},
		"reads no answer": {func(conn net.Conn) { io.WriteString(conn, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n") }, time.Minute},
		"keeps the connection": {func(conn net.Conn) {
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			http.ReadResponse(bufio.NewReader(conn), nil)
		}, 2 * time.Minute},
		"half a request after one": {func(conn net.Conn) {
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			http.ReadResponse(bufio.NewReader(conn), nil)
			trickle(conn, "GET /"+strings.Repeat("a", 1000))
		}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/long" {
						w.Write(make([]byte, 1<<20))
						return
					}
					echo(w, r)
				})
				p, crowd, stop := piped(t, answer, limits())
				defer stop()
				begin := time.Now()
				conn := p.dial()
				sent := make(chan struct{})
				go func() { c.send(conn); close(sent) }()
				defer func() { conn.Close(); <-sent }()
				for all := 1; all > 0; all, _, _ = crowd.count() {
					time.Sleep(time.Second)
					if time.Since(begin) > time.Hour {
						t.Fatal("the connection is still open after an hour")
					}
				}
				if took := time.Since(begin); took < c.after || took > c.after+10*time.Second {
					t.Errorf("the connection was closed after %v, and not after %v", took, c.after)
				}
			})
		})
	}
}

// TestSlowHandshakes is of clients that let the server wait for TLS.
func TestSlowHandshakes(t *testing.T) {
	shown := selfSigned(t)
	for name, send := range map[string]string{"says nothing": "", "half a greeting by the letter": "\x16\x03\x01\x02\x00\x01" + strings.Repeat("a", 600)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, crowd := newPipes(), newCrowd(10)
				s := newHTTP(http.HandlerFunc(echo), limits(), crowd)
				s.TLSConfig, s.ErrorLog = &tls.Config{Certificates: []tls.Certificate{shown}}, slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
				ended := make(chan struct{})
				go func() { s.ServeTLS(p, "", ""); close(ended) }()
				begin := time.Now()
				conn := p.dial()
				sent := make(chan struct{})
				go func() { trickle(conn, send); close(sent) }()
				for all := 1; all > 0; all, _, _ = crowd.count() {
					time.Sleep(time.Second)
					if time.Since(begin) > time.Minute {
						t.Fatal("the connection is still open after a minute")
					}
				}
				conn.Close()
				<-sent
				s.Close()
				<-ended
			})
		})
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k}
}

// trickle sends one octet a second, until nobody takes it any more.
func trickle(conn net.Conn, text string) {
	go io.Copy(io.Discard, conn)
	for i := range len(text) {
		if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

func TestTenThousandIdleConnections(t *testing.T) {
	for _, most := range []int{20000, 4000} {
		l := limits()
		l.Connections = most
		p, c, stop := piped(t, http.HandlerFunc(echo), l)
		const many = 10000
		var idle []net.Conn
		for range many {
			idle = append(idle, p.dial())
		}
		conn := p.dial()
		go io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("with %d idle connections, at most %d: %v", many, most, err)
		}
		all, _, shed := c.count()
		if wantAll, wantShed := min(many+1, most), max(0, many+1-most); all != wantAll || int(shed) != wantShed {
			t.Errorf("at most %d: there are %d connections, %d were closed", most, all, shed)
		}
		conn.Close()
		for _, one := range idle {
			one.Close()
		}
		stop()
	}
}

func TestCrowdClosesThoseIdleLongest(t *testing.T) {
	c := newCrowd(2)
	var ends []net.Conn
	add := func() net.Conn {
		ours, theirs := net.Pipe()
		ends = append(ends, ours)
		c.note(theirs, http.StateNew)
		return theirs
	}
	closed := func(i int) bool {
		ends[i].SetReadDeadline(time.Unix(1, 0))
		_, err := ends[i].Read(make([]byte, 1))
		return err == io.EOF
	}
	first, second := add(), add()
	c.note(first, http.StateActive)
	c.note(second, http.StateActive)
	c.note(second, http.StateIdle)
	c.note(first, http.StateIdle)
	third := add() // second is idle longer than first
	if closed(0) || !closed(1) || closed(2) {
		t.Error("another connection than the one idle longest was closed")
	}
	c.note(second, http.StateClosed)
	c.note(first, http.StateActive)
	c.note(third, http.StateActive)
	add() // none is idle but the new one
	if closed(0) || closed(2) || !closed(3) {
		t.Error("a connection at work was closed for a new one")
	}
	if all, idle, shed := c.count(); all != 2 || idle != 0 || shed != 2 {
		t.Errorf("counted %d, %d idle, %d closed", all, idle, shed)
	}
}

func TestLargeHeadersAndBodies(t *testing.T) {
	s := bare(t)
	p, _, stop := piped(t, s.front(named("echo", http.HandlerFunc(echo))), limits())
	defer stop()
	for _, c := range []struct {
		name, head string
		body       int64
		want       int
	}{
		{"small", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 1000, http.StatusOK},
		{"a gigabyte", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n", 1 << 30, http.StatusRequestEntityTooLarge},
		{"a header of a megabyte", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", 0, http.StatusRequestHeaderFieldsTooLarge},
	} {
		conn := p.dial()
		go func() {
			if _, err := io.WriteString(conn, c.head); err == nil {
				io.CopyN(conn, letters{}, c.body)
			}
		}()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != c.want {
			t.Errorf("%s: %v, %v", c.name, answer, err)
		}
		conn.Close()
	}
}

// letters has no end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
