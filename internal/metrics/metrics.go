// Package metrics counts and measures, and writes what it has in the text
// format of Prometheus (exposition format 0.0.4).
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Registry holds metrics in the order they are written.
type Registry struct {
	mutex    sync.Mutex
	families []*family
}

// family is all that goes by one name.
type family struct {
	name, help, kind string
	labels           []string
	buckets          []float64          // upper bounds, of a histogram
	collect          func(emit Emit)    // of one that is read when asked for
	mutex            sync.Mutex         // guards what follows
	series           map[string]*series // by label values
}

// series is one line of a family, or the lines of one histogram.
type series struct {
	values []string
	sum    float64
	count  uint64
	within []uint64 // observations in each bucket
}

// Emit reports a value with the values of the labels.
type Emit func(value float64, labels ...string)

// Counter is a number that only grows.
type Counter struct{ f *family }

// Histogram counts observations by size.
type Histogram struct{ f *family }

func (r *Registry) add(f *family) *family {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	f.series = map[string]*series{}
	r.families = append(r.families, f)
	return f
}

// Counter adds a counter; its name ends in _total.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	return &Counter{r.add(&family{name: name, help: help, kind: "counter", labels: labels})}
}

// Histogram adds a histogram with these upper bounds, in rising order.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	return &Histogram{r.add(&family{name: name, help: help, kind: "histogram", labels: labels, buckets: bounds})}
}

// Gauge adds what is looked up each time the metrics are read; kind is "gauge"
// or "counter".
func (r *Registry) Gauge(name, help, kind string, labels []string, collect func(emit Emit)) {
	r.add(&family{name: name, help: help, kind: kind, labels: labels, collect: collect})
}

// Add raises a counter, which has as many label values as it has labels.
func (c *Counter) Add(n float64, labels ...string) {
	c.f.change(labels, func(s *series) { s.sum += n })
}

// Observe counts one observation.
func (h *Histogram) Observe(value float64, labels ...string) {
	h.f.change(labels, func(s *series) {
		s.sum += value
		s.count++
		if i, _ := slices.BinarySearch(h.f.buckets, value); i < len(s.within) {
			s.within[i]++
		}
	})
}

func (f *family) change(labels []string, by func(*series)) {
	if len(labels) != len(f.labels) {
		panic(fmt.Sprintf("metrics: %s has %d labels, and got %d", f.name, len(f.labels), len(labels)))
	}
	var room [96]byte
	key := room[:0]
	for i, label := range labels {
		if i > 0 {
			key = append(key, 0)
		}
		key = append(key, label...)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	s := f.series[string(key)]
	if s == nil {
		s = &series{values: slices.Clone(labels), within: make([]uint64, len(f.buckets))}
		f.series[string(key)] = s
	}
	by(s)
}

// WriteTo writes every metric.
func (r *Registry) WriteTo(w io.Writer) (int64, error) {
	r.mutex.Lock()
	families := slices.Clone(r.families)
	r.mutex.Unlock()
	counted := &countingWriter{w: w}
	out := bufio.NewWriter(counted)
	for _, f := range families {
		f.write(out)
	}
	err := out.Flush()
	return counted.n, err
}

// ServeHTTP answers with every metric.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	r.WriteTo(w)
}

func (f *family) write(w *bufio.Writer) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, escape(f.help, false), f.name, f.kind)
	if f.collect != nil {
		f.collect(func(value float64, labels ...string) { line(w, f.name, f.labels, labels, "", number(value)) })
		return
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	keys := make([]string, 0, len(f.series))
	for k := range f.series {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		s := f.series[k]
		if f.kind == "histogram" {
			f.writeHistogram(w, s)
			continue
		}
		line(w, f.name, f.labels, s.values, "", number(s.sum))
	}
}

func (f *family) writeHistogram(w *bufio.Writer, s *series) {
	var below uint64
	for i, bound := range f.buckets {
		below += s.within[i]
		line(w, f.name+"_bucket", f.labels, s.values, number(bound), strconv.FormatUint(below, 10))
	}
	line(w, f.name+"_bucket", f.labels, s.values, "+Inf", strconv.FormatUint(s.count, 10))
	line(w, f.name+"_sum", f.labels, s.values, "", number(s.sum))
	line(w, f.name+"_count", f.labels, s.values, "", strconv.FormatUint(s.count, 10))
}

// line writes one sample; bound is the label le of a bucket, empty for none.
func line(w *bufio.Writer, name string, labels, values []string, bound, value string) {
	w.WriteString(name)
	if len(labels) > 0 || bound != "" {
		var parts []string
		for i, l := range labels {
			parts = append(parts, l+`="`+escape(values[i], true)+`"`)
		}
		if bound != "" {
			parts = append(parts, `le="`+bound+`"`)
		}
		w.WriteString("{" + strings.Join(parts, ",") + "}")
	}
	w.WriteString(" " + value + "\n")
}

func escape(text string, quotes bool) string {
	text = strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(strings.ToValidUTF8(text, "\uFFFD"))
	if quotes {
		text = strings.ReplaceAll(text, `"`, `\"`)
	}
	return text
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

type countingWriter struct {
	w io.Writer
	n int64
}

// Write counts what is written.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
