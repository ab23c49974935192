package metrics

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestExposition(t *testing.T) {
	r := &Registry{}
	c := r.Counter("requests_total", "Requests, by \\ and\nline.", "door", "code")
	c.Add(1, "rest", "200")
	c.Add(2, "rest", "200")
	c.Add(1, "a\"b\\c\nd", "500")
	h := r.Histogram("seconds", "Time.", []float64{0.1, 1}, "door")
	for _, v := range []float64{0.1, 0.5, 7} {
		h.Observe(v, "acme")
	}
	r.Gauge("up", "Whether.", "gauge", nil, func(emit Emit) { emit(1) })
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	want := `# HELP requests_total Requests, by \\ and\nline.
# TYPE requests_total counter
requests_total{door="a\"b\\c\nd",code="500"} 1
requests_total{door="rest",code="200"} 3
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{door="acme",le="0.1"} 1
seconds_bucket{door="acme",le="1"} 2
seconds_bucket{door="acme",le="+Inf"} 3
seconds_sum{door="acme"} 7.6
seconds_count{door="acme"} 3
# HELP up Whether.
# TYPE up gauge
up 1
`
	if got := answer.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := answer.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Error(got)
	}
}

func TestProcessMetrics(t *testing.T) {
	r := &Registry{}
	r.AddProcess(time.Unix(1.5e9, 0))
	var b strings.Builder
	if n, err := r.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	for _, want := range []string{`process_start_time_seconds 1\.5e\+09`, `go_goroutines [0-9]+`, `go_memstats_sys_bytes [0-9.e+]+`, `go_cpu_seconds_total [0-9.e+-]+`} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(b.String()) {
			t.Errorf("no line %s in\n%s", want, b.String())
		}
	}
}

func TestWrongNumberOfLabels(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a counter without its label was raised")
		}
	}()
	(&Registry{}).Counter("x_total", "X.", "label").Add(1)
}
