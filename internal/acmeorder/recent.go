package acmeorder

import "sync"

// kept is how many values a recent keeps.
const kept = 256

// recent keeps the values that were put last. They only spare work: what they
// are made from is in the records, and does not change or is compared.
type recent[V any] struct {
	mu     sync.Mutex
	values map[string]V
	keys   [kept]string // a ring
	next   int
}

func (r *recent[V]) get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.values[key]
	return v, ok
}

func (r *recent[V]) put(key string, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		r.values = map[string]V{}
	}
	if _, there := r.values[key]; !there {
		delete(r.values, r.keys[r.next])
		r.keys[r.next] = key
		r.next = (r.next + 1) % kept
	}
	r.values[key] = v
}
