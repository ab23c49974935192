package load

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// connection is a client's, kept from request to request. It costs little,
// since clients share the processors with what they ask.
type connection struct {
	host string // and port
	tls  *tls.Config
	conn *tls.Conn
	in   *bufio.Reader
	out  []byte
}

// connections makes so many, to the authority at a URL, whose TLS certificate
// is under one of these roots.
func connections(url string, roots *x509.CertPool, clients int) []*connection {
	host := strings.TrimPrefix(url, "https://")
	name, _, _ := strings.Cut(host, ":")
	out := make([]*connection, clients)
	for i := range out {
		out[i] = &connection{host: host, tls: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}
	}
	return out
}

// dial connects anew: servers close connections that are idle for a while.
func (c *connection) dial() error {
	c.close()
	conn, err := tls.Dial("tcp", c.host, c.tls)
	if err == nil {
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	return err
}

func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.conn = nil
}

// ask sends a request and reads the answer. The header is of whole lines.
func (c *connection) ask(method, path, header string, body []byte) (*http.Response, []byte, error) {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return nil, nil, err
		}
	}
	c.out = fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n%s", method, path, c.host, header, len(body), body)
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, nil, err
	}
	answer, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, nil, err
	}
	if answer.Close {
		c.close()
	}
	if answer.StatusCode >= 300 {
		return nil, nil, fmt.Errorf("%s %s: status %d: %.300s", method, path, answer.StatusCode, text)
	}
	return answer, text, nil
}
