package verbs

import (
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
)

// certificateJSON is how a certificate of the records is told everywhere; its
// keys are documented and stay.
type certificateJSON struct {
	Serial         string   `json:"serial"`
	Subject        string   `json:"subject"`
	SANs           []string `json:"sans"`
	NotBefore      string   `json:"notBefore"`
	NotAfter       string   `json:"notAfter"`
	Status         string   `json:"status"`
	Profile        string   `json:"profile"`
	Issuer         string   `json:"issuer"`
	KeyFingerprint string   `json:"keyFingerprint"`
	Fingerprint    string   `json:"fingerprint"`
	CA             string   `json:"ca"`
	ProfileVersion string   `json:"profileVersion"`
	Requester      string   `json:"requester"`
	Ticket         string   `json:"ticket"`
	Issued         string   `json:"issued"`
	Replaces       string   `json:"replaces,omitempty"`
	Revoked        string   `json:"revoked,omitempty"`
	Reason         string   `json:"reason,omitempty"`
	InvalidSince   string   `json:"invalidSince,omitempty"`

	notBefore, notAfter time.Time
}

const statusExpired = "expired"

func certificateToJSON(c *authority.Certificate, issuer string, now time.Time) certificateJSON {
	out := certificateJSON{
		Serial: hexOf(c.Serial), Subject: c.Subject, SANs: c.Names, NotBefore: stamp(c.NotBefore), NotAfter: stamp(c.NotAfter),
		Status: statusOf(c, now), Profile: c.Profile, Issuer: issuer, KeyFingerprint: hexOf(c.KeyFingerprint), Fingerprint: hexOf(c.Fingerprint),
		CA: c.CA, ProfileVersion: c.ProfileVersion, Requester: c.Requester, Ticket: c.Ticket, Issued: stamp(c.Issued), Replaces: hexOf(c.Replaces),
		notBefore: c.NotBefore, notAfter: c.NotAfter,
	}
	if out.SANs == nil {
		out.SANs = []string{}
	}
	if c.Status == authority.StatusUnconfirmed {
		out.Fingerprint = "" // who knows it can confirm the certificate
	}
	if c.Status == authority.StatusHold || c.Status == authority.StatusRevoked {
		out.Revoked, out.Reason, out.InvalidSince = stamp(c.Revoked), crl.Reason(c.Reason).String(), stamp(c.Invalid)
	}
	return out
}

// statusOf is the status with the clock taken into account.
func statusOf(c *authority.Certificate, now time.Time) string {
	if c.Status == authority.StatusValid && now.After(c.NotAfter) {
		return statusExpired
	}
	return string(c.Status)
}

// who names the holder: the subject, or where it is empty the names.
func (c certificateJSON) who() string {
	if c.Subject != "" {
		return c.Subject
	}
	return joinOr(c.SANs, "(no subject and no names)")
}

// certificateIssuer returns the issuer's name of a certificate.
func certificateIssuer(der []byte) string {
	c, err := cert.Parse(der)
	if err != nil {
		return ""
	}
	return c.Issuer.String()
}
