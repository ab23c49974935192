package inspect_test

import (
	"io"
	"testing"

	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/specimen"
)

func BenchmarkData(b *testing.B) {
	for _, name := range []string{"p256.csr", "wikipedia.csr", "leaf.crt", "full.crl"} {
		data := specimen.File(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := inspect.Data(data, inspect.Options{Now: now})
				if err != nil {
					b.Fatal(err)
				}
				if err := r.WriteText(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
