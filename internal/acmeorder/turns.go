package acmeorder

import "sync"

// turns lets checks run when it is their turn: so many at once, of one account
// only as many as would leave as many free for others, and of one network of
// clients several times that. So whoever comes new finds a free place, however
// much one account has under way, and who comes from elsewhere does, however
// many accounts somebody has at work. Of those that wait, networks take turns,
// and in a network its accounts.
type turns struct {
	places int // that checks run at
	queue  int // checks that are taken, those that run included

	mu       sync.Mutex
	waiting  []turn // as they came
	networks counts
	accounts counts
	busy     int
	all      int
	begun    int // since the beginning
}

// several is how much more the accounts of one network may have at work than
// one of them.
const several = 3

// sender is whom a check is for.
type sender struct {
	network string // of the client; empty where it is not known any more
	account string
}

type turn struct {
	sender
	check func()
}

// counts are the counts of those that have checks taken.
type counts map[string]*count

type count struct {
	running int
	taken   int // those that run included
	last    int // when one was begun last, as turns.begun counts; 0: none was
}

// of returns the count of one, to look at.
func (c counts) of(key string) count {
	if known := c[key]; known != nil {
		return *known
	}
	return count{}
}

func (c counts) take(key string) {
	if c[key] == nil {
		c[key] = &count{}
	}
	c[key].taken++
}

func (c counts) begin(key string, at int) {
	c[key].running++
	c[key].last = at
}

func (c counts) done(key string) {
	c[key].running--
	if c[key].taken--; c[key].taken == 0 {
		delete(c, key)
	}
}

func newTurns(places int) *turns {
	const each = 20 // checks taken for each place
	return &turns{places: places, queue: each * places, networks: counts{}, accounts: counts{}}
}

// take has a check run when it is its turn, on a goroutine that begin begins.
// It reports whether it does: an account may have as many taken as others could
// still bring, and a network several times as many.
func (t *turns) take(from sender, check func(), begin func(func())) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := t.queue - t.all; t.accounts.of(from.account).taken >= room || t.networks.of(from.network).taken >= several*room {
		return false
	}
	t.networks.take(from.network)
	t.accounts.take(from.account)
	t.all++
	t.waiting = append(t.waiting, turn{from, check})
	t.next(begin)
	return true
}

// next begins the checks whose turn it is.
func (t *turns) next(begin func(func())) {
	for t.busy < t.places {
		i := t.choose()
		if i < 0 {
			return
		}
		one := t.waiting[i]
		t.waiting = append(t.waiting[:i], t.waiting[i+1:]...)
		t.busy++
		t.begun++
		t.networks.begin(one.network, t.begun)
		t.accounts.begin(one.account, t.begun)
		begin(func() {
			one.check()
			t.done(one.sender, begin)
		})
	}
}

// choose returns the place of the one whose turn is next, -1 if there is none:
// of the network that has the fewest running, and in that of such an account;
// of several the one that had its last turn longest ago, or came first.
func (t *turns) choose() int {
	best := -1
	var network, account count
	for i, w := range t.waiting {
		n, a := t.networks.of(w.network), t.accounts.of(w.account)
		if free := t.places - t.busy; a.running >= free || n.running >= several*free {
			continue
		}
		if best < 0 || n.before(network) || n == network && a.before(account) {
			best, network, account = i, n, a
		}
	}
	return best
}

// before reports whether it is the turn of one before that of another.
func (c count) before(other count) bool {
	return c.running < other.running || c.running == other.running && c.last < other.last
}

func (t *turns) done(of sender, begin func(func())) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	t.all--
	t.networks.done(of.network)
	t.accounts.done(of.account)
	t.next(begin)
}
