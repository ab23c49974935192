package config

import (
	"fmt"
	"strings"
	"time"
)

// CMP is how CMP is served (RFC 9810, RFC 9811).
type CMP struct {
	Off        bool     `yaml:"off" doc:"do not serve CMP"`
	Profile    string   `yaml:"profile" doc:"the profile where neither the address (/.well-known/cmp/p/PROFILE), the message nor the secret names one; empty: the authority's"`
	Profiles   []string `yaml:"profiles" doc:"the profiles that registration authorities, and holders of secrets that are for no profile, may name besides"`
	CA         string   `yaml:"ca" doc:"the authority that signs; empty: the one that signs where none is named"`
	Window     Duration `yaml:"window" doc:"how far the time of a message may be off"`
	CheckAfter Duration `yaml:"check-after" doc:"when clients are told to ask again for what an officer decides"`
	Explicit   bool     `yaml:"explicit-confirmation" doc:"every certificate is to be confirmed, whatever clients ask for"`
	Several    bool     `yaml:"several-requests" doc:"a message may ask for several certificates (RFC 9810); without, for one (RFC 9483)"`

	Manufacturers []Manufacturer `yaml:"manufacturers" doc:"makers of devices, whose certificates let a device have its first one here"`
}

// Manufacturer is a maker of devices that have a certificate of their own when
// they leave the factory (IEEE 802.1AR).
type Manufacturer struct {
	Name    string   `yaml:"name" doc:"what the records call it"`
	Roots   string   `yaml:"roots" doc:"file of the root certificates that the certificates of its devices are under"`
	CRLs    []string `yaml:"crls" doc:"files of revocation lists, of every authority on the way to the roots; empty: what is revoked is not known. All are read again on reload"`
	Profile string   `yaml:"profile" doc:"the profile that its devices may have certificates of; empty: that of cmp.profile"`
	CA      string   `yaml:"ca" doc:"the authority that signs; empty: that of cmp.ca"`
	Same    []string `yaml:"same" doc:"attributes of the subject that must be those of the device's certificate, such as serialNumber"`
	Names   []string `yaml:"names" doc:"the names a certificate may have, as those of secrets, in which {serialNumber} stands for that attribute of the device's certificate; empty: the subject alternative names of the device's certificate"`
}

func defaultCMP() CMP {
	return CMP{Window: Duration(5 * time.Minute), CheckAfter: Duration(time.Minute)}
}

func (c *Config) checkCMP(wrong report) {
	if c.CMP.Window <= 0 {
		wrong("cmp.window", "no message would be in time", "leave it out: 5m is the default")
	}
	if c.CMP.CheckAfter < Duration(time.Second) {
		wrong("cmp.check-after", "clients would ask without a pause", "leave it out: 1m is the default")
	}
	seen := map[string]bool{}
	for _, m := range c.CMP.Manufacturers {
		switch {
		case m.Name == "" || strings.ContainsAny(m.Name, "/:\n"):
			wrong("cmp.manufacturers", fmt.Sprintf("%q is not a name for a manufacturer", m.Name), "give it a name of letters and digits: it stands in the records")
		case seen[m.Name]:
			wrong("cmp.manufacturers", fmt.Sprintf("two are called %q", m.Name), "give each a name of its own")
		case m.Roots == "":
			wrong("cmp.manufacturers", fmt.Sprintf("%q has no roots that its devices could be known by", m.Name), "name a file of its root certificates: roots: FILE")
		}
		seen[m.Name] = true
	}
}
