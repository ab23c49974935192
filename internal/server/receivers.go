package server

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"github.com/certwright/certwright/internal/config"
)

// receivers are the roots that certificates of mail servers and webhooks are
// checked by, by the name of their file; none for those of the system.
type receivers map[string][]*x509.Certificate

// rootsOfReceivers reads the roots for all that messages are sent to.
func rootsOfReceivers(c *config.Config) (receivers, error) {
	a := &c.Alerts
	files := []atKey{{"alerts.mail.roots", a.Mail.Roots}, {"alerts.webhook.roots", a.Webhook.Roots}}
	for _, w := range c.Webhooks {
		files = append(files, atKey{"webhooks", w.Roots})
	}
	all, found := receivers{}, []error{}
	for _, f := range files {
		if f.name == "" {
			continue
		}
		roots, err := rootsOf(f.key, f.name)
		all[f.name], found = roots, append(found, err)
	}
	return all, config.AllOf(found...)
}

func checkReceivers(c *config.Config) error {
	_, err := rootsOfReceivers(c)
	return err
}

// transport posts to a receiver whose certificate is checked by the roots in a
// file; an empty name is for those of the system.
func (r receivers) transport(file string) http.RoundTripper {
	own, ok := http.DefaultTransport.(*http.Transport)
	if file == "" || !ok {
		return http.DefaultTransport
	}
	own = own.Clone()
	own.TLSClientConfig = &tls.Config{RootCAs: poolOf(r[file]), MinVersion: tls.VersionTLS12}
	return own
}
