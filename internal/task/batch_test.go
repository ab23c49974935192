package task

import "testing"

func TestNovelty(t *testing.T) {
	var n novelty
	asked := func(groups, used int) (looked int) {
		for range groups {
			if !n.expected() {
				looked++
				n.learn(lookedUp, used)
			}
		}
		return looked
	}
	if got := asked(convinced/lookedUp, 0); got != convinced/lookedUp {
		t.Errorf("of the first groups %d were looked up", got)
	}
	if got := asked(10*spotCheck, 0); got != 10 {
		t.Errorf("once convinced, %d of %d groups were looked up", got, 10*spotCheck)
	}
	for n.expected() {
	}
	n.learn(lookedUp, 1)
	if got := asked(5, 3); got != 5 {
		t.Errorf("where keys were used, %d of 5 groups were looked up", got)
	}
}
