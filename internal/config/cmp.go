package config

import "time"

// CMP is how CMP is served (RFC 9810, RFC 9811).
type CMP struct {
	Off        bool     `yaml:"off" doc:"do not serve CMP"`
	Profile    string   `yaml:"profile" doc:"the profile where neither the address (/.well-known/cmp/p/PROFILE), the message nor the secret names one; empty: the authority's"`
	Profiles   []string `yaml:"profiles" doc:"the profiles that registration authorities, and holders of secrets that are for no profile, may name besides"`
	CA         string   `yaml:"ca" doc:"the authority that signs; empty: the one that signs where none is named"`
	Window     Duration `yaml:"window" doc:"how far the time of a message may be off"`
	CheckAfter Duration `yaml:"check-after" doc:"when clients are told to ask again for what an officer decides"`
	Explicit   bool     `yaml:"explicit-confirmation" doc:"every certificate is to be confirmed, whatever clients ask for"`
}

func defaultCMP() CMP {
	return CMP{Window: Duration(5 * time.Minute), CheckAfter: Duration(time.Minute)}
}

func (c *Config) checkCMP() (key, detail, fix string) {
	switch {
	case c.CMP.Window <= 0:
		return "cmp.window", "no message would be in time", "leave it out: 5m is the default"
	case c.CMP.CheckAfter < Duration(time.Second):
		return "cmp.check-after", "clients would ask without a pause", "leave it out: 1m is the default"
	}
	return "", "", ""
}
