package server

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"time"

	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
)

// guard makes what recognizes clients, of the configuration, and what has it
// forget the keys of others; nil where it has none.
func (s *Server) guard(r *regime) (*access.Guard, func(), error) {
	c := access.Config{Tokens: s.tokens, Now: s.config.Office.Now, Log: func(ctx context.Context, what string, err error) {
		s.config.Log.ErrorContext(ctx, what, "cause", err)
	}}
	settings := &r.settings.Access
	roots, err := rootsOf("access.roots", settings.Roots)
	if err != nil {
		return nil, nil, err
	}
	lists, err := newForeignLists(settings.Lists, s.config.Log)
	if err != nil {
		return nil, nil, err
	}
	c.Certificates, err = access.NewCertificates(access.CertificateConfig{Issued: s.config.Office.Store, Roots: poolOf(roots), Lists: lists.now, Rules: rulesOf(settings.Certificates), Now: s.config.Office.Now,
		Named: func(profile string) bool {
			p, err := s.config.Office.Profiles.Get(profile)
			return err == nil && p.ForNamed()
		}})
	if err != nil {
		return nil, nil, at("access.certificates", err)
	}
	if settings.OIDC.Issuer == "" {
		return access.NewGuard(c), nil, nil
	}
	c.OIDC, err = access.NewOIDC(access.OIDCConfig{Issuer: settings.OIDC.Issuer, Client: settings.OIDC.Client, Others: settings.OIDC.Others, Name: settings.OIDC.Name,
		Rules: rulesOf(settings.OIDC.Rules), HTTP: &http.Client{Timeout: 10 * time.Second}, Now: s.config.Office.Now, Log: c.Log})
	if err != nil {
		return nil, nil, at("access.oidc", err)
	}
	return access.NewGuard(c), c.OIDC.Forget, nil
}

// checkRules refuses a rule for client certificates that would make whoever asks
// for a certificate with a name more than an applicant.
func checkRules(settings *config.Access, profiles *config.Profiles) error {
	var found []error
	fault := func(match, detail, fix string) {
		found = append(found, config.At("access.certificates", fmt.Sprintf("the rule %q %s", match, detail), fix))
	}
	for _, r := range rulesOf(settings.Certificates) {
		if r.OnlyApplicants() || len(r.IssuedUnder) == 0 && settings.Roots != "" {
			continue // the latter is for certificates from elsewhere
		}
		if len(r.IssuedUnder) == 0 {
			fault(r.Match, "gives more than the role of applicants to whoever asks here for a certificate with that name", "name the profiles that such certificates are of, as issued-under: [PROFILE]; in them, say applicants: named")
		}
		for _, name := range r.IssuedUnder {
			p, err := profiles.Get(name)
			if err != nil {
				found = append(found, refusedAt("access.certificates", err))
			} else if !p.ForNamed() {
				fault(r.Match, "gives more than the role of applicants by certificates of profile "+name+", which every applicant may ask for", "say applicants: named in the profile "+name+", and name it to those who may have such a certificate: certwright token new NAME --role applicant --profile "+name)
			}
		}
	}
	return config.AllOf(found...)
}

func rulesOf(configured []config.AccessRule) []access.Rule {
	var out []access.Rule
	for _, r := range configured {
		rule := access.Rule{Match: r.Match, Profiles: r.Profiles, CAs: r.CAs, IssuedUnder: r.IssuedUnder, IssuedBy: r.IssuedBy}
		for _, role := range r.Roles {
			rule.Roles = append(rule.Roles, access.Role(role))
		}
		out = append(out, rule)
	}
	return out
}

// rootsOf reads the certificates in a file that a key of the configuration names.
func rootsOf(key, file string) ([]*x509.Certificate, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, config.At(key, err.Error(), "name a file of certificates in PEM that the server may read")
	}
	var roots []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); block.Type == "CERTIFICATE" && err == nil {
			roots = append(roots, c)
		}
	}
	if len(roots) == 0 {
		return nil, &config.Fault{File: file, Detail: "there is no certificate in it", Fix: "name a file of certificates in PEM in " + key}
	}
	return roots, nil
}

// poolOf is a pool of certificates; nil of none.
func poolOf(roots []*x509.Certificate) *x509.CertPool {
	if len(roots) == 0 {
		return nil
	}
	pool := x509.NewCertPool()
	for _, c := range roots {
		pool.AddCert(c)
	}
	return pool
}

// measures answers /metrics to whom the configuration lets see it.
func (s *Server) measures(setting string, g *access.Guard) http.Handler {
	switch setting {
	case "open":
		return s.config.Measures
	case "off":
		return http.HandlerFunc(nothing)
	}
	return g.Require(access.Administrator, access.Auditor)(s.config.Measures)
}

// profiling answers what "go tool pprof" asks for. A profile takes as long as
// was asked for, whatever the limit of other answers.
func profiling() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", program)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longestProfile)); err != nil {
			problem(w, r, http.StatusInternalServerError, "internal", "the time for this answer cannot be set")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// program answers what program this is, without what stands behind it on the
// command line: that may be a passphrase, or the password of a database.
func program(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, filepath.Base(os.Args[0]))
}

const longestProfile = 10 * time.Minute

// nothing answers what no door is for.
func nothing(w http.ResponseWriter, r *http.Request) {
	problem(w, r, http.StatusNotFound, "not-found", "there is nothing at "+short(r.URL.Path))
}
