package acmeorder

import (
	"strconv"
	"testing"
)

func TestRecent(t *testing.T) {
	var r recent[int]
	if _, ok := r.get("0"); ok {
		t.Error("an empty one has a value")
	}
	for i := range kept + 1 {
		r.put(strconv.Itoa(i), i)
	}
	r.put("1", -1)
	r.put("1", -2)
	if v, ok := r.get("1"); !ok || v != -2 {
		t.Errorf("1 is %d, %t", v, ok)
	}
	if _, ok := r.get("0"); ok || len(r.values) != kept {
		t.Errorf("the oldest is kept: %d values", len(r.values))
	}
	r.put("x", 0)
	if _, ok := r.get("1"); ok || len(r.values) != kept {
		t.Errorf("what was put again is not the oldest: %d values", len(r.values))
	}
}
