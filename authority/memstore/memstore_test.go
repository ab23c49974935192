package memstore_test

import (
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/authority/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) authority.Store {
		s := memstore.New()
		t.Cleanup(func() { s.Close() })
		return s
	})
}
