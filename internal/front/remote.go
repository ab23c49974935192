package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// largestDownload bounds what is fetched from a host.
const largestDownload = 64 << 20

// Remote is a place on the network that is looked at.
type Remote struct {
	URL        *url.URL // of a file to fetch; nil for a TLS server
	Address    string   // HOST:PORT of a TLS server
	ServerName string   // to ask it for; empty for the host of Address
}

// ParseRemote reads a URL or HOST:PORT. "https://HOST" without a path is the
// TLS server itself.
func ParseRemote(text string) (Remote, bool) {
	if u, err := url.Parse(text); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		if u.Scheme == "https" && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
			port := u.Port()
			if port == "" {
				port = "443"
			}
			return Remote{Address: net.JoinHostPort(u.Hostname(), port)}, true
		}
		return Remote{URL: u}, true
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" || strings.ContainsAny(text, "/\\ ") {
		return Remote{}, false
	}
	return Remote{Address: text}, true
}

// Fetch returns the certificates that a TLS server presents, or the content of
// a file. No certificate is trusted, and none needs to be: it is only looked at.
func (r Remote) Fetch(ctx context.Context) (chain [][]byte, data []byte, err error) {
	if r.URL == nil {
		chain, err = r.handshake(ctx)
		return chain, nil, unreachable(r.Address, err)
	}
	data, err = r.download(ctx)
	return nil, data, unreachable(r.URL.Host, err)
}

func looking(name string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: name, MinVersion: tls.VersionTLS10}
}

func (r Remote) handshake(ctx context.Context) ([][]byte, error) {
	name := r.ServerName
	if name == "" {
		name, _, _ = net.SplitHostPort(r.Address)
	}
	var chain [][]byte
	config := looking(name)
	config.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		chain = raw
		return nil
	}
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", r.Address)
	if err == nil {
		connection.Close()
	}
	if len(chain) > 0 {
		return chain, nil
	}
	return nil, err
}

func (r Remote) download(ctx context.Context) ([]byte, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: looking(""), Proxy: http.ProxyFromEnvironment}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, &Failure{Exit: ExitFailed, Code: CodeNetwork, Detail: fmt.Sprintf("%s answered %s", r.URL.Redacted(), answer.Status), Fix: "check the address"}
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, largestDownload+1))
	if err == nil && len(data) > largestDownload {
		err = &Failure{Exit: ExitFailed, Code: CodeNetwork, Detail: fmt.Sprintf("%s is larger than %d MiB", r.URL.Redacted(), largestDownload>>20)}
	}
	return data, err
}

// unreachable says in plain words why a host gave nothing.
func unreachable(host string, err error) error {
	if err == nil {
		return nil
	}
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	f := &Failure{Exit: ExitFailed, Code: CodeNetwork, Err: err}
	var lookup *net.DNSError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.Detail, f.Fix = host+" did not answer in time", "wait longer with --timeout, or check the address"
	case errors.As(err, &lookup):
		f.Detail, f.Fix = "there is no host "+lookup.Name+", or no name server says so", "check the spelling and the network"
	case errors.As(err, &record):
		f.Detail, f.Fix = host+" does not speak TLS", "check the port"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Detail, f.Fix = host+" refuses the connection", "check the port, and whether the server runs"
	default:
		f.Detail, f.Fix = "cannot talk to "+host+": "+err.Error(), "check the address and the network"
	}
	return f
}
