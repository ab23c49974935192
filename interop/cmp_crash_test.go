package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// issuedTo counts the certificates of devices by subject and status.
func issuedTo(t *testing.T, certwright, home string) map[string]map[string]int {
	t.Helper()
	out, err := exec.Command(certwright, "--home", home, "list", "--profile", "device", "--output", "json").Output()
	if err != nil {
		t.Fatalf("list: %v", explain(err))
	}
	var all []struct{ Subject, Status string }
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("list: %v in %.200s", err, out)
	}
	count := map[string]map[string]int{}
	for _, c := range all {
		if count[c.Subject] == nil {
			count[c.Subject] = map[string]int{}
		}
		count[c.Subject][c.Status]++
	}
	return count
}

// crowd has 24 devices at once enrol, one after another each, until the server
// is killed after so many confirmations. Every fourth keeps its certConf back.
// It returns those that were answered and not confirmed, and those that wait for
// an answer.
func (s *served) crowd(t *testing.T, first, killAfter int) (kept, waiting, done []*device) {
	t.Helper()
	var mutex sync.Mutex
	var all sync.WaitGroup
	next := first
	url := s.plain + "/.well-known/cmp"
	for range 24 {
		all.Go(func() {
			for {
				mutex.Lock()
				n := next
				next++
				mutex.Unlock()
				d, err := newDevice(fmt.Sprintf("pump-%d", n))
				if err != nil {
					t.Error(err)
					return
				}
				err = d.ask(t.Context(), url)
				if err == nil && n%4 == 0 {
					mutex.Lock()
					kept = append(kept, d)
					mutex.Unlock()
					continue
				}
				if err == nil {
					err = d.confirm(t.Context(), url)
				}
				if errors.As(err, &refusal{}) {
					t.Errorf("%s: %v", d.name, err)
				}
				mutex.Lock()
				if err != nil {
					waiting = append(waiting, d)
				} else if done = append(done, d); len(done) == killAfter {
					s.cmd.Process.Kill()
				}
				mutex.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return kept, waiting, done
}

// TestKillServerDuringConfirmation kills a server between its answers and
// certConf, and between certConf and pkiConf, and holds that the same messages,
// sent again after the restart, get what they would have got: the same answer
// where one was heard, one certificate for each device, and pkiConf. What nobody
// confirmed is not valid before.
func TestKillServerDuringConfirmation(t *testing.T) {
	certwright, home := program(t), filepath.Join(t.TempDir(), "home")
	s := serveHome(t, exec.Command(certwright), home)
	s.shareSecret(t)
	var names []string
	for crash := range max(crashes(t)/4, 2) {
		kept, waiting, done := s.crowd(t, 10_000*crash, 40+mathrand.IntN(100))
		s.close()
		before := issuedTo(t, certwright, home)
		s = serveHome(t, exec.Command(certwright), home)
		url := s.plain + "/.well-known/cmp"
		for _, d := range kept {
			if n := before["CN="+d.name]; n["unconfirmed"] != 1 || n["valid"] != 0 {
				t.Errorf("crash %d: %s was answered, and is on record as %v", crash, d.name, n)
			}
		}
		answered, silent := 0, 0
		for _, d := range append(append(kept, waiting...), done...) {
			names = append(names, d.name)
			if d.answer == nil {
				silent++
			} else if answered++; before["CN="+d.name]["valid"] == 1 {
				// Over: the certConf is what is sent again.
				if err := d.confirm(t.Context(), url); err != nil {
					t.Errorf("crash %d: %s: certConf again: %v", crash, d.name, err)
				}
				continue
			}
			heard := d.answer
			if err := d.ask(t.Context(), url); err != nil {
				t.Errorf("crash %d: %s: ir again: %v", crash, d.name, err)
				continue
			}
			if heard != nil && !bytes.Equal(heard, d.answer) {
				t.Errorf("crash %d: %s: ir again gets another answer", crash, d.name)
			}
			for range 2 {
				if err := d.confirm(t.Context(), url); err != nil {
					t.Errorf("crash %d: %s: certConf: %v", crash, d.name, err)
				}
			}
			s.hold(t, fmt.Sprintf("%032x", d.certificate.Serial))
		}
		t.Logf("crash %d: %d devices had their answer, %d of them waited to confirm; %d had none", crash, answered, len(kept), silent)
	}
	s.close()
	count := issuedTo(t, certwright, home)
	for _, name := range names {
		if n := count["CN="+name]; n["valid"] != 1 || len(n) != 1 {
			t.Errorf("%s has %v", name, n)
		}
	}
	must(t, certwright, "--home", home, "audit", "verify")
}

// TestThousandDevices has a thousand devices enrol at once, sixty-four at a
// time on the wire, by one shared secret: each gets one certificate.
func TestThousandDevices(t *testing.T) {
	certwright, home := program(t), filepath.Join(t.TempDir(), "home")
	s := serveHome(t, exec.Command(certwright), home)
	s.shareSecret(t)
	url := s.plain + "/.well-known/cmp"
	const devices = 1000
	var all sync.WaitGroup
	wire := make(chan struct{}, 64)
	serials := make([]string, devices)
	for n := range devices {
		all.Go(func() {
			d, err := newDevice(fmt.Sprintf("pump-%d", n))
			if err == nil {
				wire <- struct{}{}
				if err = d.ask(t.Context(), url); err == nil {
					err = d.confirm(t.Context(), url)
				}
				<-wire
			}
			if err != nil {
				t.Errorf("pump-%d: %v", n, err)
				return
			}
			serials[n] = d.certificate.Serial.String()
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for n, serial := range serials {
		if seen[serial] {
			t.Errorf("pump-%d has the serial number of another", n)
		}
		seen[serial] = true
	}
	secret, err := s.api.Secret(t.Context(), crowdReference)
	if err != nil || secret.Used != devices {
		t.Errorf("the secret was used %+v times, %v", secret, err)
	}
	s.close()
	count := issuedTo(t, certwright, home)
	if len(count) != devices {
		t.Errorf("%d devices have certificates", len(count))
	}
	for subject, n := range count {
		if n["valid"] != 1 || len(n) != 1 {
			t.Errorf("%s has %v", subject, n)
		}
	}
}
