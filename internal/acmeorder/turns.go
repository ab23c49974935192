package acmeorder

import "sync"

// turns lets checks run when it is their turn: so many at once, and of one
// account only as many as would leave as many free for others. So whoever comes
// new finds a free place, however much somebody else has under way: with one
// account at work half of the places are free, with two a third.
type turns struct {
	places int // that checks run at
	queue  int // checks that are taken, those that run included

	mu      sync.Mutex
	waiting []turn         // as they came
	running map[string]int // by account
	taken   map[string]int // by account; those that run included
	busy    int
	all     int
}

type turn struct {
	account string
	check   func()
}

func newTurns(places int) *turns {
	const each = 20 // checks taken for each place
	return &turns{places: places, queue: each * places, running: map[string]int{}, taken: map[string]int{}}
}

// take has a check run when it is its turn, on a goroutine that begin begins.
// It reports whether it does: an account may have as many waiting as others
// could still bring.
func (t *turns) take(account string, check func(), begin func(func())) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[account] >= t.queue-t.all {
		return false
	}
	t.taken[account]++
	t.all++
	t.waiting = append(t.waiting, turn{account, check})
	t.next(begin)
	return true
}

// next begins the checks whose turn it is.
func (t *turns) next(begin func(func())) {
	for i := 0; i < len(t.waiting) && t.busy < t.places; {
		one := t.waiting[i]
		if t.running[one.account] >= t.places-t.busy {
			i++
			continue
		}
		t.waiting = append(t.waiting[:i], t.waiting[i+1:]...)
		t.running[one.account]++
		t.busy++
		begin(func() {
			one.check()
			t.done(one.account, begin)
		})
	}
}

func (t *turns) done(account string, begin func(func())) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	t.all--
	if t.running[account]--; t.running[account] == 0 {
		delete(t.running, account)
	}
	if t.taken[account]--; t.taken[account] == 0 {
		delete(t.taken, account)
	}
	t.next(begin)
}
