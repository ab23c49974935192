package bench

import "testing"

// TestAllocations keeps the memory of an issuance within a quarter of what
// the standard library's path took when the bound was set (464 allocations).
func TestAllocations(t *testing.T) {
	const most = 116
	d := newDesk(t)
	issue := func() { sign(t, d.profile, parse(t, d.csr), d.issuer) }
	for range 200 {
		issue() // until the issuer's tables are made
	}
	if got := testing.AllocsPerRun(1000, issue); got > most {
		t.Errorf("an issuance takes %v allocations, want at most %d", got, most)
	}
}
