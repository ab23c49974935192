package openssl

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

func verifyCommand() command {
	const noDownload = "nothing is fetched; give the lists with -CRLfile"
	return command{name: "verify", usage: "[options] [cert...]", run: verify, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		{"verbose", flag, "Tell more of what is being done", ""},
		{"nameopt", str, "How names are printed", ""},
		title("Certificate chain options"),
		{"trusted", inFile, "File of trusted certificates, instead of all others; may be given again", ""},
		{"CAfile", inFile, "File of trusted certificates", ""},
		{"CApath", folder, "Folder of trusted certificates", ""},
		{"CAstore", uri, "File or folder of trusted certificates", ""},
		{"no-CAfile", flag, "Leave out the file of certificates that systems have", ""},
		{"no-CApath", flag, "Leave out the folder of certificates that systems have", ""},
		{"no-CAstore", flag, "Leave out the store of certificates that systems have", ""},
		{"untrusted", inFile, "File of intermediate certificates; may be given again", ""},
		{"CRLfile", inFile, "File of revocation lists; may be given again", ""},
		{"crl_download", flag, "Fetch revocation lists (refused)", noDownload},
		{"show_chain", flag, "Print the path that was found", ""},
		title("Validation options"),
	}, validationOptions(), []option{
		{"vfyopt", str, "A parameter of verification, NAME:VALUE", ""},
	}, providerOptions(), []option{
		title("Parameters"),
		{"cert", parameters, "Certificates to verify (default: standard input)", ""},
	})}
}

// validationOptions say how paths are validated.
func validationOptions() []option {
	const (
		noIndirect = "indirect revocation lists are not taken into account"
		noSuiteB   = "the profiles of Suite B are not checked; use -auth_level"
	)
	return []option{
		{"policy", str, "A policy that is accepted; may be given again", ""},
		{"purpose", str, "What the certificate is to be used for", ""},
		{"verify_name", str, "Checks of a kind of use: default, ssl_client, ssl_server, smime_sign, pkcs7", ""},
		{"verify_depth", number, "How many intermediate certificates there may be", ""},
		{"auth_level", number, "How strong keys and signatures must be, 0 to 5", ""},
		{"attime", moment, "The time to verify at, in seconds since 1970", ""},
		{"verify_hostname", str, "The host that the certificate must be for", ""},
		{"verify_email", str, "The e-mail address that the certificate must be for", ""},
		{"verify_ip", str, "The IP address that the certificate must be for", ""},
		{"ignore_critical", flag, "Pass over critical extensions that are not known", ""},
		{"issuer_checks", flag, "Does nothing (deprecated)", ""},
		{"crl_check", flag, "Look the certificate up in its revocation list", ""},
		{"crl_check_all", flag, "Look all certificates of the path up", ""},
		{"policy_check", flag, "Check the certificate policies", ""},
		{"explicit_policy", flag, "Ask for an acceptable certificate policy", ""},
		{"inhibit_any", flag, "Take anyPolicy for no policy (refused)", "policies are mapped and inhibited by what the certificates say"},
		{"inhibit_map", flag, "Map no policies (refused)", "policies are mapped and inhibited by what the certificates say"},
		{"x509_strict", flag, "Overlook nothing", ""},
		{"extended_crl", flag, "Indirect revocation lists (refused)", noIndirect},
		{"use_deltas", flag, "Look into delta lists too", ""},
		{"policy_print", flag, "Print how policies are processed (refused)", "the tree of policies is not kept; `certwright verify` says what is wrong"},
		{"check_ss_sig", flag, "Verify the signature of the root by itself", ""},
		{"trusted_first", flag, "Look among the trusted certificates first, as is always done", ""},
		{"suiteB_128_only", flag, "Suite B at 128 bits alone (refused)", noSuiteB},
		{"suiteB_128", flag, "Suite B at 128 bits (refused)", noSuiteB},
		{"suiteB_192", flag, "Suite B at 192 bits (refused)", noSuiteB},
		{"partial_chain", flag, "Trust intermediate certificates by themselves", ""},
		{"no_alt_chains", flag, "Does nothing (deprecated)", ""},
		{"no_check_time", flag, "Do not look at the times", ""},
		{"allow_proxy_certs", flag, "Proxy certificates may stand at the end of the path", ""},
	}
}

// verifier is one run of verify.
type verifier struct {
	*call
	flags     text.NameFlags
	store     *truststore
	untrusted []*cert.Certificate
	purpose   string // empty for none
	trustID   oid.OID
	compat    bool // trust by purpose is a matter of self-signed roots
	depth     int  // of intermediate certificates
	level     int
	now       time.Time
	policies  []oid.OID
}

const (
	defaultDepth   = 100
	exitUnverified = 2
)

func verify(c *call) error {
	v := &verifier{call: c, depth: c.count("verify_depth", defaultDepth), level: c.count("auth_level", 0), now: c.Now()}
	for _, step := range []func() error{v.readOptions, v.loadTrusted, v.loadUntrusted, v.loadLists} {
		if err := step(); err != nil {
			return err
		}
	}
	files := c.args
	if len(files) == 0 {
		files = []string{""}
	}
	var failed error
	for _, file := range files {
		if err := v.verifyFile(file); err != nil {
			failed = err
		}
	}
	return failed
}

func (v *verifier) readOptions() error {
	var err error
	if v.flags, _, err = v.printing(""); err != nil {
		return err
	}
	for _, g := range v.given {
		switch g.name {
		case "attime":
			v.now = time.Unix(g.n, 0)
		case "policy":
			id, err := (*opensslconf.File)(nil).Object(g.value)
			if err != nil {
				return complain("%s: Invalid Policy %s", v.command.name, g.value)
			}
			v.policies = append(v.policies, id)
		case "purpose":
			v.purpose = g.value
		case "verify_name":
			p, ok := map[string]string{"default": "", "ssl_client": "sslclient", "ssl_server": "sslserver", "smime_sign": "smimesign", "pkcs7": "smimesign"}[g.value]
			if !ok {
				return complain("%s: Invalid verify name %s", v.command.name, g.value)
			}
			if p != "" {
				v.purpose = p
			}
		}
	}
	if _, known := (&text.Certificate{}).Purpose(v.purpose, false); v.purpose != "" && !known {
		return complain("%s: Invalid purpose %s", v.command.name, v.purpose)
	}
	v.trustID, v.compat = trustFor(v.purpose)
	if v.has("trusted") && v.hasAny("CAfile", "CApath", "CAstore") {
		return complaint{text: "verify: Cannot use -trusted with -CAfile, -CApath or -CAstore", usage: false}
	}
	if _, err := netip.ParseAddr(v.text("verify_ip")); v.has("verify_ip") && err != nil {
		return complaint{}
	}
	return v.checkVerification()
}

// trustFor says what a root must be trusted for where a purpose is asked for;
// compat is true where it is enough that it signs itself.
func trustFor(purpose string) (id oid.OID, compat bool) {
	switch purpose {
	case "sslclient":
		return oid.ClientAuth, false
	case "sslserver", "nssslserver":
		return oid.ServerAuth, false
	case "smimesign", "smimeencrypt":
		return oid.EmailProtection, false
	case "timestampsign":
		return oid.TimeStamping, false
	case "crlsign", "ocsphelper":
		return "", true
	}
	return oid.AnyExtKeyUsage, false
}

// loadTrusted opens the store, or the files of -trusted, which are then all
// that is trusted.
func (v *verifier) loadTrusted() error {
	if !v.has("trusted") {
		var err error
		v.store, err = v.call.store()
		return err
	}
	v.store = &truststore{call: v.call}
	for _, file := range v.all("trusted") {
		list, err := v.certificateData(file, "", "certs of trusted certificates", nil)
		if err != nil {
			return err
		}
		for _, raw := range list {
			if a, ok := newAnchor(raw); ok {
				v.store.anchors = append(v.store.anchors, a)
			}
		}
	}
	return nil
}

func (v *verifier) loadUntrusted() error {
	for _, file := range v.all("untrusted") {
		list, err := v.certificateData(file, "", "certs of untrusted certificates", nil)
		if err != nil {
			return err
		}
		for _, raw := range list {
			if parsed, err := cert.Parse(withoutTrust(raw)); err == nil {
				v.untrusted = append(v.untrusted, parsed)
			}
		}
	}
	return nil
}

func (v *verifier) loadLists() error {
	for _, file := range v.all("CRLfile") {
		data, err := v.read(file)
		if err != nil {
			return v.unread("other CRLs", file, err)
		}
		found, _ := objects(data, listLabels()...)
		for _, raw := range found {
			if l, err := crl.Parse(raw); err == nil {
				v.store.lists = append(v.store.lists, l)
			}
		}
		if len(found) == 0 {
			return v.unread("any other CRLs", file, errors.New("there is no revocation list in it"))
		}
	}
	return nil
}

func (v *verifier) verifyFile(file string) error {
	raw, err := v.loadCertificate(file, "", "certificate file", nil)
	if err != nil {
		return v.tell(complain("%s\nUnable to load certificate file", err))
	}
	a, ok := newAnchor(raw)
	if !ok {
		_, err := cert.Parse(withoutTrust(raw))
		return v.tell(complain("%s\nUnable to load certificate file", v.unread("certificate file", file, err)))
	}
	name := file
	if name == "" {
		name = "stdin"
	}
	p := &path{verifier: v, chain: []link{v.link(a)}}
	p.verify()
	if p.failed {
		fmt.Fprintf(v.Stderr, "error %s: verification failed\n", name)
		return complaint{exit: exitUnverified}
	}
	fmt.Fprintf(v.Stdout, "%s: OK\n", name)
	if v.has("show_chain") {
		p.show()
	}
	return nil
}

// tell prints an error at once: other certificates may follow.
func (v *verifier) tell(err error) error {
	v.report(err)
	return complaint{exit: exitUnverified}
}

// show prints the path.
func (p *path) show() {
	w := text.NewWriter(p.Stdout, p.names)
	defer w.Flush()
	w.WriteString("Chain:\n")
	for i, l := range p.chain {
		fmt.Fprintf(w, "depth=%d: ", i)
		text.Name(w, l.Subject, 0, p.flags)
		if i < p.untrustedCount {
			w.WriteString(" (untrusted)")
		}
		w.WriteByte('\n')
	}
}
