package metrics

import (
	"os"
	"strconv"
	"strings"
)

// addSystem adds what Linux knows of the process (proc(5)).
func addSystem(r *Registry) {
	r.Gauge("process_resident_memory_bytes", "Octets of memory that are resident.", "gauge", nil, func(emit Emit) {
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			return
		}
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseFloat(fields[1], 64); err == nil {
				emit(pages * float64(os.Getpagesize()))
			}
		}
	})
	r.Gauge("process_open_fds", "File descriptors that are open.", "gauge", nil, func(emit Emit) {
		if open, err := os.ReadDir("/proc/self/fd"); err == nil {
			emit(float64(len(open)))
		}
	})
}
