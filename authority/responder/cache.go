package responder

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/ocsp"
)

// cache keeps answers in bounded memory; those that nobody asked for the
// longest leave first.
type cache struct {
	mu       sync.Mutex
	limit    int
	size     int
	byID     map[string]*list.Element // by the CertID's octets
	bySerial map[string][]string      // the CertIDs of one certificate
	order    list.List                // of *entry, the latest asked first
	changed  int64
	marks    map[string]*mark // by authority
}

// entry is an answer in the cache.
type entry struct {
	id     string
	serial string // authority and serial number
	ca     string
	answer *Answer
	asked  bool // since it was signed
}

// overhead is what an entry takes besides its octets, about.
const overhead = 400

func (e *entry) size() int { return len(e.answer.DER) + 2*len(e.id) + len(e.serial) + overhead }

// mark is how far the changes of an authority's certificates are known.
type mark struct {
	sync.Mutex
	change int64
	begun  bool
	looked time.Time
}

func newCache(limit int) *cache {
	return &cache{limit: limit, byID: map[string]*list.Element{}, bySerial: map[string][]string{}, marks: map[string]*mark{}}
}

func serialKey(ca string, serial []byte) string { return ca + "/" + string(serial) }

// get returns an answer that is not due to be renewed.
func (c *cache) get(id []byte, now time.Time) *Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byID[string(id)]
	if at == nil {
		return nil
	}
	e := at.Value.(*entry)
	e.asked = true
	if !now.Before(e.answer.Renewed) {
		return nil
	}
	c.order.MoveToFront(at)
	return e.answer
}

// changes counts the changes of status that are known.
func (c *cache) changes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// put keeps an answer, unless something changed since: it may be about that.
func (c *cache) put(ca string, id *ocsp.CertID, a *Answer, since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed != since {
		return
	}
	e := &entry{id: string(id.Raw), serial: serialKey(ca, id.Serial), ca: ca, answer: a}
	if at := c.byID[e.id]; at != nil {
		c.size += e.size() - at.Value.(*entry).size()
		at.Value = e
		c.order.MoveToFront(at)
	} else {
		c.byID[e.id] = c.order.PushFront(e)
		c.bySerial[e.serial] = append(c.bySerial[e.serial], e.id)
		c.size += e.size()
	}
	for c.size > c.limit && c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

func (c *cache) remove(at *list.Element) {
	e := c.order.Remove(at).(*entry)
	delete(c.byID, e.id)
	c.size -= e.size()
	left := c.bySerial[e.serial]
	for i, id := range left {
		if id == e.id {
			left = append(left[:i:i], left[i+1:]...)
			break
		}
	}
	if c.bySerial[e.serial] = left; len(left) == 0 {
		delete(c.bySerial, e.serial)
	}
}

// forget drops the answers about a certificate whose status changed.
func (c *cache) forget(ca string, serial []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed++
	for _, id := range append([]string(nil), c.bySerial[serialKey(ca, serial)]...) {
		c.remove(c.byID[id])
	}
}

// due returns the CertIDs whose answers are to be renewed: those asked about
// since. The others that are due leave.
func (c *cache) due(now time.Time) (renew []*entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at := c.order.Front(); at != nil; {
		e, next := at.Value.(*entry), at.Next()
		switch {
		case now.Before(e.answer.Renewed):
		case e.asked:
			renew = append(renew, e)
		default:
			c.remove(at)
		}
		at = next
	}
	return renew
}

// full reports whether there is no room for many more answers.
func (c *cache) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size > c.limit*9/10
}

// len is the number of answers kept.
func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func (c *cache) markOf(ca string) *mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.marks[ca]
	if m == nil {
		m = &mark{}
		c.marks[ca] = m
	}
	return m
}

// catchUp drops the answers about certificates whose status other processes
// changed, if it was not looked for that a moment ago.
func (r *Responder) catchUp(ctx context.Context, by *issuer) error {
	m := r.cache.markOf(by.name)
	m.Lock()
	defer m.Unlock()
	if m.begun && time.Since(m.looked) < r.config.Fresh {
		return nil
	}
	if !m.begun {
		if err := r.begin(ctx, by, m); err != nil {
			return err
		}
	}
	for change, err := range r.config.Store.Revocations(ctx, authority.RevocationQuery{CA: by.name, Shard: -1, Delta: true, Changed: m.change}) {
		if err != nil {
			return fmt.Errorf("reading what changed of authority %q: %w", by.name, err)
		}
		r.cache.forget(by.name, change.Serial)
		m.change = max(m.change, change.Change)
	}
	m.begun, m.looked = true, time.Now()
	return nil
}

// begin finds where to look for changes from: nothing is kept yet, so that
// what the last lists hold need not be looked at.
func (r *Responder) begin(ctx context.Context, by *issuer, m *mark) error {
	for list, err := range r.config.Store.CRLs(ctx, by.name) {
		if err != nil {
			return fmt.Errorf("reading the revocation lists of authority %q: %w", by.name, err)
		}
		m.change = max(m.change, list.Mark)
	}
	return nil
}
