package sqlstore

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func hashes(seed uint64, n int) []int64 {
	random := rand.New(rand.NewPCG(seed, 1))
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(random.Uint64())
	}
	return out
}

func filterOf(list []int64, size int64) filter {
	f := newFilter(size)
	for _, hash := range list {
		f.add(hash)
	}
	return f
}

func TestFilter(t *testing.T) {
	for _, size := range []int64{1, 2, 4, 64, partSize} {
		own := hashes(uint64(size), int(size))
		all := filters{filterOf(hashes(7, int(size)), size), filterOf(own, size)}
		for _, hash := range own {
			if !slices.Contains(all.parts(hash, nil), 1) {
				t.Fatalf("a filter of %d does not know %x", size, hash)
			}
		}
	}
}

// TestFilterRate counts the hashes that are not in a full filter and are taken for such that may be.
func TestFilterRate(t *testing.T) {
	const asked = 1_000_000
	fs := filters{filterOf(hashes(1, partSize), partSize)}
	taken := 0
	for _, hash := range hashes(2, asked) {
		taken += len(fs.parts(hash, nil))
	}
	if taken > asked*2/10_000 {
		t.Errorf("%d of %d", taken, asked)
	}
	t.Logf("%d of %d; %d octets", taken, asked, 8*len(fs[0]))
}

func TestFilterOctets(t *testing.T) {
	f := filterOf(hashes(1, 64), 64)
	whole := f.marshal()
	read := newFilter(64)
	if !read.unmarshal(whole) || !slices.Equal(read, f) {
		t.Error("what was written is not what is read")
	}
	if newFilter(6400).unmarshal(whole) || read.unmarshal(nil) || read.unmarshal(whole[:len(whole)-1]) {
		t.Error("a filter of another size was read")
	}
	for i := range whole {
		damaged := slices.Clone(whole)
		damaged[i] ^= 4
		if read.unmarshal(damaged) {
			t.Fatalf("octet %d may be any", i)
		}
	}
}

func BenchmarkFilters(b *testing.B) {
	fs := make(filters, 245)
	for i := range fs {
		fs[i] = filterOf(hashes(uint64(i), partSize), partSize)
	}
	ask := hashes(99, 1<<16)
	to := make([]int64, 0, 245)
	for i := 0; b.Loop(); i++ {
		to = fs.parts(ask[i%len(ask)], to[:0])
	}
}
