package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/certwright/certwright/format/pem"
)

// largest bounds what is fetched.
const largest = 64 << 20

// skewed is how far the clock of a server may be off before it is told.
const skewed = 5 * time.Minute

// fetched is what a server answered.
type fetched struct {
	status  int
	reason  string // of the status
	kind    string // media type, without parameters
	header  http.Header
	body    []byte
	problem string // why there is no answer, in plain words
	fix     string
}

// get fetches an address, once.
func (d *Doctor) get(ctx context.Context, uri string) *fetched {
	if f := d.fetched[uri]; f != nil {
		return f
	}
	f := d.do(ctx, http.MethodGet, uri, "", nil)
	d.fetched[uri] = f
	return f
}

func (d *Doctor) do(ctx context.Context, method, uri, kind string, body []byte) *fetched {
	r, err := http.NewRequestWithContext(ctx, method, uri, bytes.NewReader(body))
	if err != nil {
		return &fetched{problem: fmt.Sprintf("%q is not an address that can be fetched", uri), fix: "have the certificate issued with a right one"}
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := d.config.Client.Do(r)
	if err != nil {
		problem, fix := unreachable(r.URL.Host, err)
		return &fetched{problem: problem, fix: fix}
	}
	defer answer.Body.Close()
	f := &fetched{status: answer.StatusCode, reason: answer.Status, header: answer.Header}
	f.kind, _, _ = mime.ParseMediaType(answer.Header.Get("Content-Type"))
	f.body, err = io.ReadAll(io.LimitReader(answer.Body, largest+1))
	switch {
	case err != nil:
		f.problem, f.fix = "the answer of "+r.URL.Host+" ends too early", "look into the server's log"
	case len(f.body) > largest:
		f.problem, f.fix = fmt.Sprintf("the answer is larger than %d MiB", largest>>20), "spread the revocations over several lists: certwright ca set NAME --shards N"
	}
	return f
}

// unreachable says in plain words why a host gave nothing.
func unreachable(host string, err error) (problem, fix string) {
	var lookup *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &lookup):
		return "there is no host " + lookup.Name + ", or no name server says so", "check the name in the certificate, and the name servers"
	case errors.Is(err, syscall.ECONNREFUSED):
		return host + " refuses the connection", "start the server, or check the port"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return host + " did not answer in time", "check the server and the firewall"
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return "cannot talk to " + host + ": " + err.Error(), "check the server and the network"
}

// scheme says what is wrong with the kind of an address; go on reports whether
// it can be fetched.
func (x *examination) scheme(what, uri string) (goOn bool) {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Scheme != "ldap":
		x.add(Failure, what+"-address", what, uri, "have the certificate issued with a right one", "%q is not an address", uri)
		return false
	case u.Scheme == "ldap" || u.Scheme == "ldaps":
		x.add(Warning, what+"-ldap", what, uri, "publish it by http, too", "it is in a directory, where most programs do not look")
		return false
	case u.Scheme == "https":
		x.add(Warning, what+"-https", what, uri, "use http: what is fetched is signed anyway", "it is fetched by https: to check that server's certificate, the same may have to be fetched first, and many programs refuse")
	case u.Scheme != "http":
		x.add(Failure, what+"-address", what, uri, "publish it by http", "nobody fetches by %s", u.Scheme)
		return false
	}
	return true
}

// usable tells what is wrong with an answer before anybody looks into it; it
// reports whether there is something to look into.
func (x *examination) usable(what, uri string, f *fetched, kinds ...string) bool {
	switch {
	case f.problem != "":
		x.add(Failure, what+"-unreachable", what, uri, f.fix, "%s", f.problem)
		return false
	case f.status != http.StatusOK:
		x.add(Failure, what+"-http", what, uri, "check the address and the server", "the server answers %s", f.reason)
		return false
	}
	if !slices.Contains(kinds, f.kind) {
		shown := f.kind
		if shown == "" {
			shown = "nothing"
		}
		x.add(Warning, what+"-type", what, uri, "let the server send Content-Type: "+kinds[0], "the server calls it %s, and not %s", shown, kinds[0])
	}
	if date, err := http.ParseTime(f.header.Get("Date")); err == nil {
		if off := date.Sub(x.now()); off.Abs() > skewed && f.header.Get("Age") == "" {
			x.add(Warning, "clock-skew", what, uri, "set both clocks by NTP", "the clock of the server and that of this machine are %s apart", off.Abs().Round(time.Second))
		}
	}
	return true
}

// inDER takes what was fetched out of PEM, which does not belong there.
func (x *examination) inDER(what, uri string, body []byte) []byte {
	if !strings.Contains(string(body[:min(len(body), 1<<16)]), "-----BEGIN ") {
		return body
	}
	blocks, err := pem.Find(body)
	if err != nil || len(blocks) == 0 {
		return body
	}
	x.add(Warning, what+"-pem", what, uri, "publish it in DER", "it is in PEM, which few programs take here (RFC 5280, Sections 4.2.1.13 and 4.2.2.1)")
	return blocks[0].Bytes
}
