package verbs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/remote"
	"github.com/certwright/certwright/internal/task"
)

// serverFlags say which server a verb works at.
type serverFlags struct {
	url, token, root             string
	certificate, key, passphrase string
	clear                        bool
}

// servedVerbs are those that work at a server too.
func servedVerbs() []string {
	return []string{
		"sign", "list", "show", "renew", "rekey", "reissue", "revoke", "export", "request check", "request confirm",
		"review list", "review show", "review ask", "review answer", "review approve", "review refuse", "review withdraw",
		"ca list", "ca show", "crl publish", "crl show", "profile list", "profile show", "profile test", "audit show", "audit verify",
		"token new", "token list", "token revoke", "secret new", "secret list", "secret show", "secret revoke",
		"acme eab new", "acme eab list", "acme eab revoke", "acme account list", "acme account deactivate",
	}
}

// unserved is why verbs do not work at a server.
type unserved struct {
	verbs    []string // by their first words
	why, fix string
}

const (
	leaveOut = "leave --server out"
	runThere = "run it there, without --server"
)

// unservedVerbs are all that are not servedVerbs.
func unservedVerbs() []unserved {
	return []unserved{
		{[]string{"key", "request new", "request convert", "inspect", "asn1", "match", "completion", "version", "openssl", "man", "help"}, "it asks no authority", leaveOut},
		{[]string{"verify", "diff"}, "it works on files", "fetch what it is to look at with: certwright export --server; then leave --server out"},
		{[]string{"doctor"}, "it fetches what is published, from wherever you are", leaveOut},
		{[]string{"enroll"}, "it speaks CMP", "give the address of the CMP server behind the verb, and leave --server out"},
		{[]string{"ca init", "ca create", "ca request", "ca install", "ca import", "ca export", "ca set", "ca retire"}, "the keys of authorities lie where the server is, and are for who may be there", runThere},
		{[]string{"profile check"}, "it reads files, which come into force when the server reads its configuration again", leaveOut},
		{[]string{"serve", "quickstart", "config", "backup", "restore"}, "it is about a home", runThere},
	}
}

// unservedVerb finds why a verb does not work at a server.
func unservedVerb(verb string) unserved {
	for _, u := range unservedVerbs() {
		for _, name := range u.verbs {
			if verb == name || strings.HasPrefix(verb, name+" ") {
				return u
			}
		}
	}
	return unserved{why: "it needs the home", fix: runThere}
}

// checkServer refuses what cannot be done at a server, and names given where
// the token says who somebody is.
func (p *program) checkServer(c *cobra.Command) error {
	if p.server.url == "" {
		if p.server != (serverFlags{}) {
			return front.Usage("name the server with --server URL", "--token, --server-root and --client-… are for a server")
		}
		return nil
	}
	if (p.server.certificate == "") != (p.server.key == "") {
		return front.Usage("give both", "--client-certificate and --client-key go together")
	}
	if c.HasSubCommands() {
		return nil // which tells what its verbs are
	}
	verb := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	if !slices.Contains(servedVerbs(), verb) {
		u := unservedVerb(verb)
		return front.Usage(u.fix, "%s does not work at a server: %s", c.CommandPath(), u.why)
	}
	for _, flag := range []string{"officer", "from", "requester"} {
		f := c.Flags().Lookup(flag)
		if f != nil && f.Changed && c.Name() != "list" && (flag != "from" || verb != "audit show") {
			return front.Usage("leave it out: the token says who you are", "--%s does not go with --server", flag)
		}
	}
	return nil
}

// openServer returns an office whose desk is the server's.
func (p *program) openServer() (*task.Office, error) {
	if p.office != nil {
		return p.office, nil
	}
	token, err := p.serverToken()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxWorkers
	if transport.TLSClientConfig, err = p.serverTLS(); err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{URL: p.server.url, Token: token, HTTP: &http.Client{Transport: transport, Timeout: serverTimeout}, Clear: p.server.clear})
	if errors.Is(err, client.ErrClear) {
		return nil, front.Usage("write https:// and the port of the HTTPS listener; --token-in-clear sends it all the same", "--server %s: %v", p.server.url, err)
	}
	if err != nil {
		return nil, front.Usage("write it like https://ca.example:8443", "--server: %v", err)
	}
	p.office = &task.Office{Remote: remote.New(c), Now: p.shell.Now}
	return p.office, nil
}

const (
	serverTimeout = 2 * time.Minute
	maxWorkers    = 64
)

// serverTLS says whom to trust, and what to show.
func (p *program) serverTLS() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.server.root != "" {
		found, err := p.readCertificates(p.server.root)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		for _, one := range found {
			if root, err := x509.ParseCertificate(one.Raw); err == nil {
				c.RootCAs.AddCert(root)
			}
		}
	}
	if p.server.certificate == "" {
		return c, nil
	}
	shown, err := p.clientCertificate()
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shown, nil }
	return c, err
}

// clientCertificate is what the flags say to show the server.
func (p *program) clientCertificate() (*tls.Certificate, error) {
	found, err := p.readCertificates(p.server.certificate)
	if err != nil {
		return nil, err
	}
	k, err := p.readKey(p.server.key, p.server.passphrase, "client-passphrase")
	if err != nil {
		return nil, err
	}
	if !key.SameKey(k.Public, found[0].PublicKey) {
		return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeMismatch, Detail: "the key in " + nameOf(p.server.key) + " is not that of the certificate " + p.server.certificate,
			Fix: "see what belongs together: certwright match " + p.server.key + " " + p.server.certificate}
	}
	shown := &tls.Certificate{PrivateKey: k.Signer}
	for _, c := range found {
		shown.Certificate = append(shown.Certificate, c.Raw)
	}
	return shown, nil
}

// serverToken is the token of the flag, or of the environment where no client
// certificate is to speak for the sender.
func (p *program) serverToken() (string, error) {
	source := p.server.token
	switch {
	case source == "" && p.server.certificate != "":
		return "", nil
	case source == "":
		return p.shell.Getenv("CERTWRIGHT_TOKEN"), nil
	case strings.HasPrefix(source, "cwt_"):
		return source, nil
	}
	text, err := p.shell.Secret(source, "the token", "token")
	return strings.TrimSpace(string(text)), err
}

// explainServer makes a failure of what a server has said, or of not reaching
// it; nil for other errors.
func explainServer(err error) *front.Failure {
	var p *client.Problem
	if errors.As(err, &p) {
		return told(p, err)
	}
	var failed *url.Error
	if !errors.As(err, &failed) {
		return nil
	}
	f := &front.Failure{Exit: front.ExitFailed, Code: front.CodeNetwork, Detail: "cannot reach the server " + hostOf(failed.URL), Fix: "check its address and port, and that it runs: certwright serve", Err: err}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var sent *client.RedirectError
	switch {
	case errors.As(err, &sent):
		f.Detail, f.Fix = "the server "+hostOf(sent.From)+strings.TrimPrefix(sent.Error(), "it"), "if it is the right place, name it: --server "+sent.To+"; if not, something on the way leads astray"
		if sent.Within {
			f.Fix = "name the address that the server itself has, without what stands before it"
		}
	case errors.As(err, &unknown):
		f.Detail, f.Fix = "the certificate of the server "+hostOf(failed.URL)+" is not under a root that is trusted", "name its root with --server-root FILE; root.crt in the server's home is it"
	case errors.As(err, &name):
		f.Detail, f.Fix = "the certificate of the server is not for "+hostOf(failed.URL), "use a name it is for, or have the server told this one: certwright serve --name NAME"
	case failed.Timeout():
		f.Detail, f.Fix = "the server "+hostOf(failed.URL)+" did not answer in time", "repeat the command; what was done is not done twice with --idempotency-key"
	}
	return f
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// told is the failure that a problem is to the command line.
func told(p *client.Problem, err error) *front.Failure {
	f := &front.Failure{Exit: front.ExitNo, Code: p.Code, Field: p.Field, Detail: p.Detail, Fix: p.Fix, Err: err}
	switch p.Code {
	case client.CodeRefused, client.CodeNotFound, client.CodeForbidden, client.CodeTooLarge, client.CodeExists:
	case client.CodeUsage:
		f.Exit = front.ExitUsage
	case client.CodeConflict, client.CodeUnauthenticated, client.CodeRateLimited, client.CodeDatabase, client.CodeNetwork, client.CodeKey:
		f.Exit = front.ExitFailed
	default:
		f.Exit, f.Code = front.ExitFailed, front.CodeInternal
		if p.Instance != "" {
			f.Detail += fmt.Sprintf(" (reference %s)", p.Instance)
		}
	}
	if f.Code == front.CodeUnauthenticated {
		f.Fix = "give a token with --token or CERTWRIGHT_TOKEN; an administrator makes one: certwright token new NAME --role ROLE"
	}
	return f
}
