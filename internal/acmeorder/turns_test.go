package acmeorder

import (
	"fmt"
	"testing"
)

// TestTurnsAreShared has one account bring more than there is room for.
func TestTurnsAreShared(t *testing.T) {
	turns := newTurns(8)
	var begun []func()
	var order []string
	begin := func(run func()) { begun = append(begun, run) }
	bring := func(account string) bool {
		return turns.take(sender{account, account}, func() { order = append(order, account) }, begin)
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
	if len(order) != 84 || turns.busy != 0 || turns.all != 0 || len(turns.waiting)+len(turns.networks)+len(turns.accounts) != 0 {
		t.Errorf("%d were run; left over: %+v", len(order), turns)
	}
}

func TestOnePlace(t *testing.T) {
	turns := newTurns(1)
	n := 0
	var begun []func()
	for range 10 {
		if !turns.take(sender{"n", "a"}, func() { n++ }, func(run func()) { begun = append(begun, run) }) {
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

// crowd has 80 accounts of one network bring ten checks each that take long,
// and then one account of a network one check. It returns after how many
// rounds, in each of which all that run end, that is run.
func crowd(t *testing.T, network string) int {
	t.Helper()
	turns := newTurns(64)
	var begun []func()
	begin := func(run func()) { begun = append(begun, run) }
	for range 10 {
		for n := range 80 {
			turns.take(sender{"198.51.100.7", fmt.Sprint(n)}, func() {}, begin)
		}
	}
	done := false
	if !turns.take(sender{network, "honest"}, func() { done = true }, begin) {
		t.Fatalf("the check from %s is not taken", network)
	}
	for round := 1; ; round++ {
		ended := begun
		begun = nil
		for _, end := range ended {
			end()
		}
		if done {
			return round
		}
	}
}

// TestCrowdsHoldNobodyUp: a new account of another network finds a free place,
// and one of the same network waits for one check of each account at most.
func TestCrowdsHoldNobodyUp(t *testing.T) {
	if rounds := crowd(t, "203.0.113.9"); rounds != 1 {
		t.Errorf("from another network: after %d rounds", rounds)
	}
	if rounds := crowd(t, "198.51.100.7"); rounds > 3 {
		t.Errorf("from the same network: after %d rounds", rounds)
	}
}

// TestQueueIsBounded, and has room left for others whoever fills it.
func TestQueueIsBounded(t *testing.T) {
	turns := newTurns(64)
	begin := func(func()) {}
	taken := 0
	for network := range 30 {
		for account := range 2000 {
			if turns.take(sender{fmt.Sprint(network), fmt.Sprint(network, " ", account)}, func() {}, begin) {
				taken++
			}
		}
		if network == 0 && taken > turns.queue*3/4 {
			t.Errorf("of one network %d of %d are taken", taken, turns.queue)
		}
	}
	if taken > turns.queue {
		t.Errorf("%d are taken of at most %d", taken, turns.queue)
	}
}
