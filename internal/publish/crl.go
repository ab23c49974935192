package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
)

const crlType = "application/pkix-crl"

// place names a list of an authority.
type place struct {
	ca    string
	kind  authority.CRLKind
	shard int
}

// parsePlace reads what stands behind /crl/: NAME.crl, NAME/delta.crl,
// NAME/3.crl or NAME/3/delta.crl.
func parsePlace(path string) (place, bool) {
	path, ok := strings.CutSuffix(path, ".crl")
	if !ok {
		return place{}, false
	}
	parts := strings.Split(path, "/")
	p := place{ca: parts[0], kind: authority.FullCRL}
	parts = parts[1:]
	if n := len(parts); n > 0 && parts[n-1] == "delta" {
		p.kind, parts = authority.DeltaCRL, parts[:n-1]
	}
	switch len(parts) {
	case 0:
		return p, true
	case 1:
		n, err := strconv.Atoi(parts[0])
		p.shard = n
		return p, err == nil && n >= 0 && strconv.Itoa(n) == parts[0]
	}
	return p, false
}

// crl serves the newest list of a place.
func (s *Server) crl(w http.ResponseWriter, r *http.Request, path string) {
	p, ok := parsePlace(path)
	if !ok {
		missing(w, "ask for /crl/NAME.crl, /crl/NAME/delta.crl, or the list of a shard: /crl/NAME/0.crl, /crl/NAME/0/delta.crl")
		return
	}
	list, err := s.lists.newest(r.Context(), p)
	if errors.Is(err, authority.ErrNotFound) {
		list, err = s.first(r.Context(), p)
	}
	if errors.Is(err, authority.ErrNotFound) {
		missing(w, "there is no such revocation list here, or none was published yet")
		return
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	now := s.now()
	o := object{kind: crlType, tag: fmt.Sprintf(`"%d-%x"`, list.Number, list.ThisUpdate.Unix()), modified: list.ThisUpdate, fresh: s.settled(list.ThisUpdate).IsZero(), ends: list.NextUpdate}
	if o.modified.After(now) { // of a clock that is ahead (RFC 9110, Section 8.8.2.1)
		o.modified = time.Time{}
	}
	o.keep = min(renewal(list).Sub(now), s.config.MaxAge)
	if o.keep <= 0 {
		o.keep = min(list.NextUpdate.Sub(now), time.Minute)
	}
	if o.head(w, r) {
		return
	}
	whole, err := s.lists.whole(r.Context(), p, list)
	if err != nil {
		w.Header().Del("Etag")
		s.failed(w, r, err)
		return
	}
	if whole.Number != list.Number { // published in between
		w.Header().Del("Etag")
		w.Header().Del("Last-Modified")
	}
	o.serve(w, r, whole.DER)
}

// renewal is when the list after this one is published: at half of its time.
func renewal(l *authority.CRL) time.Time {
	return l.ThisUpdate.Add(l.NextUpdate.Sub(l.ThisUpdate) / 2)
}

const (
	keptList  = 4 << 20  // octets of a list that is kept in memory
	keptLists = 16 << 20 // of all of them
	loads     = 2        // lists that are not kept and may be on their way at the same time
)

// lists keeps small lists in memory, and what is known of the others.
type lists struct {
	config *Config
	load   chan struct{}

	mu   sync.Mutex
	kept map[place]*keptCRL
	size int
}

// keptCRL is a list; its DER is nil where it is not kept.
type keptCRL struct {
	list   *authority.CRL
	looked time.Time
	used   time.Time
}

func newLists(c *Config) *lists {
	return &lists{config: c, load: make(chan struct{}, loads), kept: map[place]*keptCRL{}}
}

// newest returns the newest list, perhaps without DER.
func (l *lists) newest(ctx context.Context, p place) (*authority.CRL, error) {
	l.mu.Lock()
	k := l.kept[p]
	if k != nil && time.Since(k.looked) < l.config.Fresh {
		l.mu.Unlock()
		return k.list, nil
	}
	l.mu.Unlock()
	list, err := l.config.Store.NewestCRL(ctx, p.ca, p.kind, p.shard)
	if err != nil {
		return l.lasting(ctx, p, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if k = l.kept[p]; k != nil && k.list.Number == list.Number {
		k.looked = time.Now()
		return k.list, nil
	}
	l.put(p, list)
	return list, nil
}

// lasting returns what is kept of a list that holds still, where the records
// cannot be read. It is not tried again at once.
func (l *lists) lasting(ctx context.Context, p place, err error) (*authority.CRL, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kept[p]
	if k == nil || k.list.DER == nil || errors.Is(err, authority.ErrNotFound) || !l.config.Now().Before(k.list.NextUpdate) {
		return nil, err
	}
	l.config.Log.WarnContext(ctx, "the records cannot be read, and a revocation list is served as it was", "ca", p.ca, "kind", p.kind, "shard", p.shard, "number", k.list.Number, "error", err)
	k.looked = time.Now()
	return k.list, nil
}

// whole returns a list with its DER.
func (l *lists) whole(ctx context.Context, p place, list *authority.CRL) (*authority.CRL, error) {
	if list.DER != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k := l.kept[p]; k != nil {
			k.used = time.Now()
		}
		return list, nil
	}
	select {
	case l.load <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.load }()
	whole, err := l.config.Store.LatestCRL(ctx, p.ca, p.kind, p.shard)
	if err != nil {
		return nil, fmt.Errorf("reading revocation list %d of authority %q: %w", list.Number, p.ca, err)
	}
	if len(whole.DER) <= keptList {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.put(p, whole)
	}
	return whole, nil
}

// put keeps a list, and lets those go that were not asked for the longest
// while there are too many octets.
func (l *lists) put(p place, list *authority.CRL) {
	if old := l.kept[p]; old != nil {
		l.size -= len(old.list.DER)
	}
	now := time.Now()
	l.kept[p] = &keptCRL{list: list, looked: now, used: now}
	l.size += len(list.DER)
	for l.size > keptLists {
		var oldest *place
		for at, k := range l.kept {
			if len(k.list.DER) > 0 && at != p && (oldest == nil || k.used.Before(l.kept[*oldest].used)) {
				oldest = &at
			}
		}
		if oldest == nil {
			return
		}
		l.size -= len(l.kept[*oldest].list.DER)
		delete(l.kept, *oldest)
	}
}
