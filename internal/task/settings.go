package task

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
)

// SettingsOf reads the settings of an authority.
func SettingsOf(ca *authority.CA) (authority.CASettings, error) {
	var s authority.CASettings
	if len(ca.Settings) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(ca.Settings, &s); err != nil {
		return s, fmt.Errorf("reading the settings of the authority %s: %w", ca.Name, err)
	}
	return s, nil
}

// TellSettings returns settings as they are told, with lengths of time in
// seconds.
func TellSettings(s *authority.CASettings) *client.CASettings {
	list := func(texts []string) []string { return append([]string{}, texts...) }
	out := &client.CASettings{
		DefaultProfile: s.DefaultProfile, CRLValidity: seconds(s.CRLValidity), DeltaValidity: seconds(s.DeltaValidity), KeepExpired: seconds(s.KeepExpired), Shards: s.Shards,
		CRL: list(s.CRL), FreshestCRL: list(s.FreshestCRL), OCSP: list(s.OCSP), CAIssuers: list(s.CAIssuers), Base: s.Base, OCSPValidity: seconds(s.AnswerValidity()),
		RevokeUnissued: s.RevokeUnissued, Hash: s.Hash, PSS: s.PSS,
	}
	for _, p := range s.Formerly {
		out.Formerly = append(out.Formerly, client.Places{CRL: list(p.CRL), Shards: p.Shards})
	}
	return out
}

// ToldSettings are the settings that were told so.
func ToldSettings(t *client.CASettings) authority.CASettings {
	span := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	s := authority.CASettings{
		DefaultProfile: t.DefaultProfile, CRLValidity: span(t.CRLValidity), DeltaValidity: span(t.DeltaValidity), KeepExpired: span(t.KeepExpired), Shards: t.Shards,
		CRL: t.CRL, FreshestCRL: t.FreshestCRL, OCSP: t.OCSP, CAIssuers: t.CAIssuers, Base: t.Base, OCSPValidity: span(t.OCSPValidity),
		RevokeUnissued: t.RevokeUnissued, Hash: t.Hash, PSS: t.PSS,
	}
	for _, p := range t.Formerly {
		s.Formerly = append(s.Formerly, authority.Places{CRL: p.CRL, Shards: p.Shards})
	}
	return s
}

// seconds counts whole seconds; what is below none stays below.
func seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}
