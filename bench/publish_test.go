package bench

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/sqlite"
)

// BenchmarkPublish signs and records a full revocation list of 10,000
// entries, or of STORE_ROWS, and reports the most memory that was resident
// meanwhile.
func BenchmarkPublish(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store.db")
	s, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	k := newKey(b)
	a := openAuthority(b, s, k)
	ca, _, err := a.CA(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	rows := preloaded(b)
	if rows == 0 {
		rows = 10_000
	}
	for left := rows; left > 0; left -= 1000 {
		commit(b, s, revoked(ca.Name, min(left, 1000))...)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if s, err = sqlite.Open(b.Context(), path); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	a = newAuthority(b, s, k)
	debug.FreeOSMemory()
	// Five makes the system forget the highest figure so far.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Log(err)
	}
	b.ResetTimer()
	for range b.N {
		lists, err := a.PublishCRL(b.Context(), ca.Name, authority.FullCRL, -1, "bench")
		if err != nil || lists[0].Entries != int64(rows) {
			b.Fatalf("%v: %+v", err, lists)
		}
	}
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(resident(b)), "MiB-resident")
}

// revoked are certificates that came revoked.
func revoked(ca string, n int) []*authority.Change {
	out := make([]*authority.Change, n)
	now := time.Now()
	for i := range out {
		serial := make([]byte, 16)
		rand.Read(serial)
		serial[0] = serial[0]&0x7f | 1
		out[i] = &authority.Change{AddCertificate: &authority.Certificate{CA: ca, Serial: serial, DER: []byte{0x30, 0}, Fingerprint: serial,
			NotAfter: now.Add(90 * 24 * time.Hour), Status: authority.StatusRevoked, Revoked: now, Reason: 1}}
	}
	return out
}

// resident is the most memory that was resident, in MiB.
func resident(b *testing.B) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Log(err)
		return 0
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			n, _ := strconv.Atoi(string(bytes.Fields(value)[0]))
			return n / 1024
		}
	}
	return 0
}
