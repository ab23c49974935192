package task

import (
	"reflect"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
)

// Settings come back from what is told of them.
func TestSettingsAreTold(t *testing.T) {
	s := authority.CASettings{
		DefaultProfile: "server", CRLValidity: 36 * time.Hour, DeltaValidity: time.Hour, KeepExpired: 730 * day, Shards: 4, CRL: []string{"http://a/{shard}"}, FreshestCRL: []string{"http://a/d{shard}"},
		OCSP: []string{"http://o"}, CAIssuers: []string{"http://i"}, Base: "http://b", OCSPValidity: 90 * time.Minute, RevokeUnissued: true, Hash: "sha384", PSS: true,
		Formerly: []authority.Places{{CRL: []string{"http://f"}, Shards: 2}},
	}
	told := TellSettings(&s)
	if told.CRLValidity != 36*3600 || told.DeltaValidity != 3600 || told.KeepExpired != 730*24*3600 || told.OCSPValidity != 5400 {
		t.Errorf("%+v", told)
	}
	if back := ToldSettings(told); !reflect.DeepEqual(back, s) {
		t.Errorf("%+v, not %+v", back, s)
	}
	s.KeepExpired = -1
	told = TellSettings(&s)
	if s = ToldSettings(told); told.KeepExpired != -1 || s.KeepExpired >= 0 {
		t.Errorf("for ever: %d, %v", told.KeepExpired, s.KeepExpired)
	}
}
