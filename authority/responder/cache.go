package responder

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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
	signers  map[string]int   // answers by each responder certificate: by authority and serial number

	facts map[string]*authority.Certificate // by authority and serial number; without DER
}

// entry is an answer in the cache.
type entry struct {
	id     string
	serial string // authority and serial number
	ca     string
	signer string // authority and serial number of the responder's certificate
	answer *Answer
	asked  bool // since it was signed
}

// overhead is what an entry takes besides its octets, about.
const overhead = 400

func (e *entry) size() int { return len(e.answer.DER) + 2*len(e.id) + len(e.serial) + overhead }

// mark is how far the changes of an authority's certificates are known.
type mark struct {
	sync.Mutex
	change atomic.Int64
	begun  atomic.Bool
	looked time.Time    // by catchUp
	probed atomic.Int64 // by exact: nanoseconds since 1970
}

// moment is how long one look at the last change serves all answers that are
// signed on demand.
const moment = 5 * time.Millisecond

// factSize is what is known of a certificate takes in memory, about.
const factSize = 1000

func newCache(limit int) *cache {
	return &cache{limit: limit, byID: map[string]*list.Element{}, bySerial: map[string][]string{}, marks: map[string]*mark{}, signers: map[string]int{}, facts: map[string]*authority.Certificate{}}
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

// valid returns an answer that has not ended.
func (c *cache) valid(id []byte, now time.Time) *Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byID[string(id)]; at != nil && now.Before(at.Value.(*entry).answer.NextUpdate) {
		return at.Value.(*entry).answer
	}
	return nil
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
	e := &entry{id: string(id.Raw), serial: serialKey(ca, id.Serial), ca: ca, signer: serialKey(ca, a.signer.Serial.Bytes()), answer: a}
	c.signers[e.signer]++
	if at := c.byID[e.id]; at != nil {
		before := at.Value.(*entry)
		c.size += e.size() - before.size()
		c.unsign(before)
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
	c.unsign(e)
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

// unsign counts one answer less of a signer.
func (c *cache) unsign(e *entry) {
	if c.signers[e.signer]--; c.signers[e.signer] == 0 {
		delete(c.signers, e.signer)
	}
}

// forget drops the answers about a certificate whose status changed, and those
// that it signed.
func (c *cache) forget(ca string, serial []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed++
	delete(c.facts, serialKey(ca, serial))
	for _, id := range append([]string(nil), c.bySerial[serialKey(ca, serial)]...) {
		c.remove(c.byID[id])
	}
	signer := serialKey(ca, serial)
	for at := c.order.Front(); at != nil && c.signers[signer] > 0; {
		next := at.Next()
		if at.Value.(*entry).signer == signer {
			c.remove(at)
		}
		at = next
	}
}

// fact returns what is known of a certificate; nil for nothing.
func (c *cache) fact(ca string, serial []byte) *authority.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.facts[serialKey(ca, serial)]
}

// learn keeps what is known of a certificate, unless something changed since.
// What is known of others may have to go: a quarter of the memory is for it.
func (c *cache) learn(record *authority.Certificate, since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed != since {
		return
	}
	for key := range c.facts {
		if len(c.facts) < c.limit/4/factSize {
			break
		}
		delete(c.facts, key)
	}
	bare := &authority.Certificate{CA: record.CA, NotBefore: record.NotBefore, NotAfter: record.NotAfter, Status: record.Status, Revoked: record.Revoked, Reason: record.Reason, Invalid: record.Invalid}
	c.facts[serialKey(record.CA, record.Serial)] = bare
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

// catchUp drops what is known of certificates whose status other processes
// changed, if it was not looked for that a moment ago.
func (r *Responder) catchUp(ctx context.Context, by *issuer) error {
	m := r.cache.markOf(by.name)
	m.Lock()
	defer m.Unlock()
	if m.begun.Load() && time.Since(m.looked) < r.config.Fresh {
		return nil
	}
	err := r.takeIn(ctx, by, m)
	if err != nil {
		m.looked = time.Now() // it is not tried again at once
	}
	return err
}

// exact is catchUp for answers that are signed now: what they say was on
// record a moment ago, or later.
func (r *Responder) exact(ctx context.Context, by *issuer) error {
	m := r.cache.markOf(by.name)
	now := time.Now().UnixNano()
	if age := time.Duration(now - m.probed.Load()); m.begun.Load() && age >= 0 && age < min(moment, r.config.Fresh) {
		return nil
	}
	last, err := r.config.Store.LastChange(ctx, by.name)
	if err != nil {
		return fmt.Errorf("reading what changed of authority %q: %w", by.name, err)
	}
	if !m.begun.Load() || last > m.change.Load() {
		m.Lock()
		defer m.Unlock()
		if err := r.takeIn(ctx, by, m); err != nil {
			return err
		}
	}
	m.probed.Store(now)
	return nil
}

func (r *Responder) takeIn(ctx context.Context, by *issuer, m *mark) error {
	if !m.begun.Load() {
		if err := r.begin(ctx, by, m); err != nil {
			return err
		}
	}
	for change, err := range r.config.Store.Revocations(ctx, authority.RevocationQuery{CA: by.name, Shard: -1, Delta: true, Changed: m.change.Load()}) {
		if err != nil {
			return fmt.Errorf("reading what changed of authority %q: %w", by.name, err)
		}
		r.delegates.Forget(by.name, change.Serial)
		r.cache.forget(by.name, change.Serial)
		m.change.Store(max(m.change.Load(), change.Change))
	}
	m.begun.Store(true)
	m.looked = time.Now()
	return nil
}

// begin finds where to look for changes from: nothing is kept yet, so that
// what the last lists hold need not be looked at.
func (r *Responder) begin(ctx context.Context, by *issuer, m *mark) error {
	for list, err := range r.config.Store.CRLs(ctx, by.name) {
		if err != nil {
			return fmt.Errorf("reading the revocation lists of authority %q: %w", by.name, err)
		}
		m.change.Store(max(m.change.Load(), list.Mark))
	}
	return nil
}
