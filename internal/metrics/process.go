package metrics

import (
	"runtime/metrics"
	"time"
)

// AddProcess adds what is known of the process itself, by the names that
// dashboards of Go programs use.
func (r *Registry) AddProcess(started time.Time) {
	r.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", "gauge", nil, func(emit Emit) {
		emit(float64(started.UnixMilli()) / 1000)
	})
	for _, g := range []struct{ name, help, kind, source string }{
		{"go_goroutines", "Goroutines that there are.", "gauge", "/sched/goroutines:goroutines"},
		{"go_memstats_heap_objects", "Objects on the heap.", "gauge", "/gc/heap/objects:objects"},
		{"go_memstats_heap_alloc_bytes", "Octets of the heap that are in use.", "gauge", "/memory/classes/heap/objects:bytes"},
		{"go_memstats_sys_bytes", "Octets of memory that the program has from the system.", "gauge", "/memory/classes/total:bytes"},
		{"go_gc_cycles_total", "Garbage collections.", "counter", "/gc/cycles/total:gc-cycles"},
		{"go_cpu_seconds_total", "Seconds of processor time, as the program's runtime estimates it.", "counter", "/cpu/classes/user:cpu-seconds"},
	} {
		r.Gauge(g.name, g.help, g.kind, nil, func(emit Emit) {
			sample := []metrics.Sample{{Name: g.source}}
			metrics.Read(sample)
			switch v := sample[0].Value; v.Kind() {
			case metrics.KindUint64:
				emit(float64(v.Uint64()))
			case metrics.KindFloat64:
				emit(v.Float64())
			}
		})
	}
	addSystem(r)
}
