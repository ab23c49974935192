package restsrv

import (
	"net/http"
	"net/url"

	"github.com/certwright/certwright/client"
)

// ownPages refuses what pages of other sites order: a browser shows the
// certificate of its user whoever wrote the page, so that a certificate alone
// does not say who wants something.
func (s *server) ownPages() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.BaseURL); err == nil && u.Host != "" {
		p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // where a proxy asks under another name
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		writeFailure(w, failed(http.StatusForbidden, client.CodeForbidden, "a page of another site orders this", "order it from the site of the server, or by a program that is no browser"))
	}))
	return p
}

// untyped refuses a body without a type: pages of other sites may send such
// without asking first, and none of the type of JSON (Fetch, "CORS-safelisted
// request-header").
func untyped() *failure {
	return failed(http.StatusUnsupportedMediaType, client.CodeUsage, "the body has no content type", "say what it is in the header Content-Type: application/json")
}
