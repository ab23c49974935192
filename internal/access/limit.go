package access

import (
	"container/list"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter bounds how often each of many may do something. It is safe for
// concurrent use.
type Limiter struct {
	perSecond rate.Limit
	burst     int

	mu    sync.Mutex
	known map[string]*list.Element
	order *list.List // of *limited, the one asked for longest ago at the back
}

type limited struct {
	key     string
	limiter *rate.Limiter
}

// NewLimiter returns a limiter that lets each key through so many times a
// second, and burst times at once; it lets everything through where perSecond
// is 0.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{perSecond: rate.Limit(perSecond), burst: max(burst, 1), known: map[string]*list.Element{}, order: list.New()}
}

// Allow reports whether the one of this key may go on; if not, after how long
// it is worth another try.
func (l *Limiter) Allow(key string, now time.Time) (wait time.Duration, ok bool) {
	if l == nil || l.perSecond == 0 {
		return 0, true
	}
	one := l.of(key)
	reservation := one.ReserveN(now, 1)
	wait = reservation.DelayFrom(now)
	if wait == 0 {
		return 0, true
	}
	reservation.CancelAt(now)
	return time.Duration(math.Ceil(wait.Seconds())) * time.Second, false
}

// Spent reports whether the one of this key would have to wait now.
func (l *Limiter) Spent(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.known[key]
	return ok && e.Value.(*limited).limiter.TokensAt(now) < 1
}

func (l *Limiter) of(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.known[key]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*limited).limiter
	}
	if l.order.Len() >= mostKnown {
		oldest := l.order.Back()
		delete(l.known, oldest.Value.(*limited).key)
		l.order.Remove(oldest)
	}
	one := &limited{key, rate.NewLimiter(l.perSecond, l.burst)}
	l.known[key] = l.order.PushFront(one)
	return one.limiter
}
