package acmeorder

import "testing"

// TestTurnsAreShared has one account bring more than there is room for.
func TestTurnsAreShared(t *testing.T) {
	turns := newTurns(8)
	var begun []func()
	var order []string
	begin := func(run func()) { begun = append(begun, run) }
	bring := func(account string) bool {
		return turns.take(account, func() { order = append(order, account) }, begin)
	}
	greedy := 0
	for bring("greedy") {
		greedy++
	}
	if greedy != 80 || len(begun) != 4 {
		t.Fatalf("%d of one account were taken, and %d run", greedy, len(begun))
	}
	for i, account := range []string{"b", "b", "b", "c"} {
		if !bring(account) {
			t.Fatalf("%s was not taken", account)
		}
		if want := []int{5, 6, 6, 7}[i]; len(begun) != want {
			t.Fatalf("%d run after %s came, want %d", len(begun), account, want)
		}
	}
	for i := 0; i < len(begun); i++ {
		begun[i]()
	}
	if len(order) != 84 || turns.busy != 0 || turns.all != 0 || len(turns.waiting)+len(turns.running)+len(turns.taken) != 0 {
		t.Errorf("%d were run; left over: %+v", len(order), turns)
	}
}

func TestOnePlace(t *testing.T) {
	turns := newTurns(1)
	n := 0
	var begun []func()
	for range 10 {
		if !turns.take("a", func() { n++ }, func(run func()) { begun = append(begun, run) }) {
			t.Fatal("not taken")
		}
	}
	for i := 0; i < len(begun); i++ {
		begun[i]()
	}
	if n != 10 {
		t.Errorf("%d were run", n)
	}
}
