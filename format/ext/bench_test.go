package ext

import "testing"

func BenchmarkParseGeneralNames(b *testing.B) {
	var names []GeneralName
	for _, host := range []string{"a.example", "b.example", "www.host.example"} {
		names = append(names, NewGeneralName(DNS, []byte(host)))
	}
	value := MarshalGeneralNames(names)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseGeneralNames(value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			MarshalGeneralNames(names)
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, n := range names {
				if err := n.Problem(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("print", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, n := range names {
				_ = n.String()
			}
		}
	})
}
