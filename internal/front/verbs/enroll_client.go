package verbs

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/protocol/cmp"
)

// enrollFlags say how a CMP server is spoken to.
type enrollFlags struct {
	secret, mac                           string
	signer, signerKey, signerPassphrase   string
	profile, recipient, wait              string
	roots, chain                          []string
	implicit                              bool
	signerFlag, signerKeyFlag, signerPass string // the names of these flags
}

const (
	// enrollWindow is how far the clocks of client and server may differ.
	enrollWindow = 5 * time.Minute
	// pollAtMost is the longest pause between two questions.
	pollAtMost = 5 * time.Minute
	// resendAtMost is how often a message is sent again where the network fails;
	// the pauses before it double from resendFirst on, to two minutes in all.
	resendAtMost = 9
	resendFirst  = 250 * time.Millisecond
)

// connectFlags adds the flags that every verb has that speaks to a CMP server.
func (e *enrollFlags) connectFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&e.roots, "root", nil, "root that the server's certificates and its answers are under (repeat for more)")
	f.StringArrayVar(&e.chain, "chain", nil, "certificates between yours or the server's and the root (repeat for more)")
	f.StringVar(&e.profile, "profile", "", "profile to ask for by name, where the address has none")
	f.StringVar(&e.recipient, "recipient", "", "name of the authority that messages are for (default: the issuer of --"+e.signerFlag+", else empty)")
}

// secretFlags adds the flags of a shared secret.
func (e *enrollFlags) secretFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&e.secret, "secret", "", "shared secret as REFERENCE:SOURCE, with a source such as "+front.SourceHelp)
	f.StringVar(&e.mac, "mac", "pbm", "how the secret protects messages: pbm, or the newer pbmac1")
	e.signerFlags(c)
}

// signerFlags adds the flags of a certificate that protects messages.
func (e *enrollFlags) signerFlags(c *cobra.Command) {
	e.signerFlag, e.signerKeyFlag, e.signerPass = "signer", "signer-key", "signer-passphrase"
	f := c.Flags()
	f.StringVar(&e.signer, e.signerFlag, "", "certificate that signs the messages")
	f.StringVar(&e.signerKey, e.signerKeyFlag, "", "its private key")
	f.StringVar(&e.signerPassphrase, e.signerPass, "", "passphrase of that key: "+front.SourceHelp)
}

// waitFlags adds the flags of verbs that end in a certificate.
func (e *enrollFlags) waitFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&e.implicit, "implicit-confirm", false, "ask that the certificate counts without being confirmed")
	f.StringVar(&e.wait, "wait", "", "how long to wait for an officer's decision: 1h (default: until it is there)")
}

// enroller is a connection to a CMP server.
type enroller struct {
	p      *program
	flags  *enrollFlags
	client *cmp.Client
	host   string
	secret []byte
	signer *cert.Certificate
	key    *key.Private // of signer
	roots  []*cert.Certificate
	known  []*cert.Certificate // other certificates, of --chain and of answers
	limit  time.Duration       // for waiting; 0 is none
	began  time.Time           // waiting
	said   string              // what was last said of it
	resent bool                // a message was sent again
}

// connect checks the flags and opens what they name; nothing is sent.
func (p *program) connect(address string, f *enrollFlags) (*enroller, error) {
	e := &enroller{p: p, flags: f}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, front.Usage("write it like https://ca.example:8443/.well-known/cmp", "%q is not the address of a CMP server", address)
	}
	if u.Path == "" {
		u.Path = "/.well-known/cmp"
	}
	e.host = u.Host
	if f.wait != "" {
		if e.limit, err = parseSpan("wait", f.wait); err != nil {
			return nil, err
		}
	}
	if e.roots, err = p.certificatesOf(f.roots); err != nil {
		return nil, err
	}
	if e.known, err = p.certificatesOf(f.chain); err != nil {
		return nil, err
	}
	transport := &cmp.Resender{Transport: cmp.HTTP{URL: u.String(), Client: e.http()}, Again: e.again}
	e.client = &cmp.Client{Transport: transport, Random: rand.Reader, Now: p.shell.Now, Window: enrollWindow,
		Profile: f.profile, Implicit: f.implicit, Wait: e.waits, Verify: e.verify, Recipient: ext.NewDirectoryName(dn.Empty())}
	if err := e.protect(); err != nil {
		return nil, err
	}
	if f.recipient != "" {
		name, err := parseSubject("recipient", f.recipient)
		if err != nil {
			return nil, err
		}
		e.client.Recipient = ext.NewDirectoryName(name)
	}
	return e, nil
}

func (p *program) certificatesOf(files []string) ([]*cert.Certificate, error) {
	var all []*cert.Certificate
	for _, file := range files {
		found, err := p.readCertificates(file)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// http is what reaches the server: over TLS one under the roots of the flag,
// or under those this machine trusts.
func (e *enroller) http() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if len(e.roots) > 0 {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		for _, one := range e.roots {
			if c, err := x509.ParseCertificate(one.Raw); err == nil {
				transport.TLSClientConfig.RootCAs.AddCert(c)
			}
		}
	}
	return &http.Client{Transport: transport, Timeout: serverTimeout}
}

// protect makes the client protect its messages as the flags say.
func (e *enroller) protect() error {
	f := e.flags
	switch {
	case f.secret != "" && f.signer != "":
		return front.Usage("leave one of the two out", "--secret and --%s exclude each other", f.signerFlag)
	case f.secret != "":
		return e.protectBySecret()
	case f.signer == "":
		return front.Usage("give --secret REFERENCE:SOURCE, or --signer and --signer-key", "a shared secret or a certificate must show who asks")
	case f.signerKey == "":
		return front.Usage("name it with --"+f.signerKeyFlag+" FILE", "the private key of %s is needed", f.signer)
	case len(e.roots) == 0:
		return front.Usage("name it with --root FILE", "the root is needed that the signed answers of the server are under")
	}
	return e.protectBySignature()
}

func (e *enroller) protectBySecret() error {
	reference, source, ok := strings.Cut(e.flags.secret, ":")
	if !ok || reference == "" || source == "" {
		return front.Usage("write it like --secret pump-7:file:pump-7.secret", "--secret: %q is not REFERENCE:SOURCE", reference)
	}
	secret, err := e.p.shell.Secret(source, "the secret", "secret")
	if err != nil {
		return err
	}
	e.secret = secret
	switch e.flags.mac {
	case "pbm":
		with, err := crmf.NewPBM(rand.Reader)
		if err != nil {
			return err
		}
		e.client.Protector = cmp.PBM(with, secret)
	case "pbmac1":
		with, err := crmf.NewPBMAC1(rand.Reader)
		if err != nil {
			return err
		}
		e.client.Protector, e.client.Version = cmp.PBMAC1(with, secret), cmp.Version3
	default:
		return front.Usage("write --mac pbm or --mac pbmac1", "--mac: there is no %q", e.flags.mac)
	}
	name, err := dn.NewAttribute(oid.CommonName, reference)
	if err != nil {
		return front.Usage("write it like --secret pump-7:file:pump-7.secret", "--secret: the reference %q cannot be written: %v", reference, err)
	}
	e.client.SenderKID, e.client.Sender = []byte(reference), ext.NewDirectoryName(dn.Build(dn.RDN{name}))
	return nil
}

func (e *enroller) protectBySignature() error {
	found, err := e.p.readCertificates(e.flags.signer)
	if err != nil {
		return err
	}
	e.signer, e.known = found[0], append(e.known, found[1:]...)
	k, err := e.p.readKey(e.flags.signerKey, e.flags.signerPassphrase, e.flags.signerPass)
	if err != nil {
		return err
	}
	if !key.SameKey(k.Public, e.signer.PublicKey) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeMismatch, Detail: "the key in " + nameOf(e.flags.signerKey) + " is not that of the certificate " + e.flags.signer,
			Fix: "see what belongs together: certwright match " + e.flags.signerKey + " " + e.flags.signer}
	}
	e.key = k
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeKey, Detail: err.Error(), Fix: "enrol with a shared secret instead: --secret REFERENCE:SOURCE", Err: err}
	}
	e.client.Protector, e.client.Sender = cmp.Signature(k.Signer, algorithm), ext.NewDirectoryName(e.signer.Subject)
	e.client.Recipient = ext.NewDirectoryName(e.signer.Issuer)
	e.client.ExtraCerts = [][]byte{e.signer.Raw}
	for _, c := range e.known {
		e.client.ExtraCerts = append(e.client.ExtraCerts, c.Raw)
	}
	e.client.SenderKID = keyIdentifier(e.signer)
	return nil
}

// keyIdentifier is the subjectKeyIdentifier of a certificate; nil where it has
// none.
func keyIdentifier(c *cert.Certificate) []byte {
	found, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier)
	if !ok {
		return nil
	}
	id, err := ext.ParseSubjectKeyIdentifier(found.Value)
	if err != nil {
		return nil
	}
	return id
}

// verify checks the protection of an answer, and keeps the certificates that
// came with it.
func (e *enroller) verify(m *cmp.Message) error {
	for _, raw := range m.ExtraCerts {
		if c, err := cert.Parse(raw); err == nil && !slices.ContainsFunc(e.known, func(k *cert.Certificate) bool { return bytes.Equal(k.Raw, c.Raw) }) {
			e.known = append(e.known, c)
		}
	}
	if m.ByMAC() {
		if e.secret == nil {
			return &distrust{m, "it is protected by a secret, and signed messages are to be answered with signed ones", "check the address, and that the server knows your certificate"}
		}
		if err := m.VerifySecret(e.secret); err != nil {
			return &distrust{m, "its protection does not verify with the secret", "check the secret, and who answers at the address"}
		}
		return nil
	}
	if len(e.roots) == 0 {
		return &distrust{m, "it is signed, and no root is known that the signature could be under", "name the root of the server with --root FILE"}
	}
	return e.verifySigned(m)
}

// verifySigned checks that somebody under the roots signed an answer who may
// speak for an authority (RFC 9483, Section 1.5).
func (e *enroller) verifySigned(m *cmp.Message) error {
	signer := e.signerOf(m)
	if signer == nil {
		return &distrust{m, "the certificate that it is signed by is not with it", "name it with --chain FILE"}
	}
	if err := m.VerifySignature(signer.PublicKey); err != nil {
		return &distrust{m, "its signature does not verify", "check who answers at the address"}
	}
	checked := chain.Verify(signer, e.known, e.roots, chain.Options{Now: e.p.shell.Now(), Purpose: chain.Any})
	if !checked.Valid {
		why := "it leads to no root"
		if problems := checked.Problems(); len(problems) > 0 {
			why = problems[0].Detail
		}
		return &distrust{m, "the certificate of its signer " + signer.Subject.String() + " is not valid under the root: " + why, "name the root of the server with --root FILE"}
	}
	if !e.mayAnswer(signer) {
		return &distrust{m, "its signer " + signer.Subject.String() + " is under the root, but is no authority", "check who answers at the address"}
	}
	return nil
}

// signerOf finds the certificate that a message says it is signed by.
func (e *enroller) signerOf(m *cmp.Message) *cert.Certificate {
	for _, c := range append(e.known[:len(e.known):len(e.known)], e.roots...) {
		if id := m.Header.SenderKID; len(id) > 0 && bytes.Equal(id, keyIdentifier(c)) {
			return c
		}
	}
	if len(m.Header.SenderKID) == 0 && len(m.ExtraCerts) > 0 {
		if c, err := cert.Parse(m.ExtraCerts[0]); err == nil {
			return c
		}
	}
	return nil
}

// mayAnswer reports whether a certificate is an authority's or one of its
// CMP server's: devices are under the same root.
func (e *enroller) mayAnswer(c *cert.Certificate) bool {
	if slices.ContainsFunc(e.roots, func(r *cert.Certificate) bool { return bytes.Equal(r.Raw, c.Raw) }) {
		return true
	}
	if found, ok := ext.Find(c.Extensions, oid.BasicConstraints); ok {
		if b, err := ext.ParseBasicConstraints(found.Value); err == nil && b.CA {
			return true
		}
	}
	found, ok := ext.Find(c.Extensions, oid.ExtKeyUsage)
	if !ok {
		return false
	}
	purposes, err := ext.ParseExtKeyUsage(found.Value)
	return err == nil && slices.ContainsFunc(purposes, func(id oid.OID) bool { return id == oid.CMCRA || id == oid.CMCCA })
}

// waits pauses until the server may be asked again, and says what it waits for.
func (e *enroller) waits(ctx context.Context, poll cmp.Poll) error {
	now := time.Now()
	if e.began.IsZero() {
		e.began = now
	}
	pause := min(max(time.Duration(poll.CheckAfter)*time.Second, time.Second), pollAtMost)
	if e.limit > 0 {
		left := e.limit - now.Sub(e.began)
		if left <= 0 {
			return &front.Failure{Exit: front.ExitNo, Code: front.CodeStopped, Detail: "the server has not decided within " + e.flags.wait,
				Fix: "wait longer with --wait; the officers of the authority see the request with: certwright review list"}
		}
		pause = min(pause, left)
	}
	reason := strings.Join(poll.Reason, "; ")
	if line := e.waiting(reason); line != e.said {
		e.said = line
		e.p.shell.Say("%s", line)
	}
	done := time.NewTimer(pause)
	defer done.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if e.p.shell.Draws() {
			e.p.shell.Draw("waiting for " + time.Since(e.began).Round(time.Second).String() + ", asking again in " + max(0, pause-time.Since(now)).Round(time.Second).String())
		}
		select {
		case <-done.C:
			if e.p.shell.Draws() {
				e.p.shell.Draw("")
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// again pauses before a message is sent once more, whose answer did not come.
func (e *enroller) again(ctx context.Context, failure error, sent int) error {
	if sent > resendAtMost {
		return failure
	}
	e.resent = true
	if sent == 1 {
		e.p.shell.Say("%s did not answer; the same message is sent again.", e.host)
	}
	pause := time.NewTimer(resendFirst << (sent - 1))
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *enroller) waiting(reason string) string {
	if reason == "" {
		return "The request waits for a decision at " + e.host + "."
	}
	return "The request waits for a decision at " + e.host + ": " + reason + "."
}

// pathOf is a certificate with those above it as far as they are known,
// without the root.
func (e *enroller) pathOf(c *cert.Certificate) [][]byte {
	path := chain.Verify(c, e.known, e.roots, chain.Options{Now: e.p.shell.Now()}).Path
	raw := [][]byte{c.Raw}
	for _, one := range path[min(1, len(path)):] {
		if !one.SelfIssued() {
			raw = append(raw, one.Raw)
		}
	}
	return task.WithoutRoot(raw)
}
