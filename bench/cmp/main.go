// Command cmp measures how many certificates a second a server issues by CMP,
// beside how many it issues by REST, in turn and in one run: p10cr protected by
// a signature, implicitly confirmed and with certConf, each request with a key
// of its own, everything on disk before it is answered. Quote the ratios; the
// rates belong to the machine, whose processors clients and server share.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// settings are those of one run.
type settings struct {
	certwright                     string
	clients, count, warm, distinct int
	rounds                         int
}

// goal is the least that implicitly confirmed p10cr may be of REST's rate.
const goal = 0.5

func main() {
	var s settings
	flag.StringVar(&s.certwright, "certwright", "bin/certwright", "the program that is started")
	flag.IntVar(&s.clients, "clients", 32, "clients at once")
	flag.IntVar(&s.count, "requests", 5_000, "requests in a round")
	flag.IntVar(&s.warm, "warm", 1_000, "requests before the first round, which do not count")
	flag.IntVar(&s.distinct, "distinct", 1_000, "different requests, each with a P-256 key of its own")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds of each; the median counts")
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background(), &s); err != nil {
		log.Fatal(err)
	}
}

// way is one way to ask for certificates.
type way struct {
	name  string
	issue func(ctx context.Context, request []byte) error
	rates []float64
}

func run(ctx context.Context, s *settings) error {
	server, err := start(ctx, s)
	if err != nil {
		return err
	}
	defer server.stop()
	requests, err := makeRequests(s.distinct)
	if err != nil {
		return err
	}
	device, err := server.enrol(ctx)
	if err != nil {
		return err
	}
	ways := []*way{
		{name: "REST", issue: server.rest},
		{name: "p10cr, implicitly confirmed", issue: device.implicit},
		{name: "p10cr and certConf", issue: device.confirmed},
	}
	for _, w := range ways {
		if _, err := round(ctx, s, w, requests, s.warm); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	for range s.rounds {
		for _, w := range ways {
			rate, err := round(ctx, s, w, requests, s.count)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.rates = append(w.rates, rate)
		}
	}
	return report(ways)
}

func report(ways []*way) error {
	for _, w := range ways {
		slices.Sort(w.rates)
	}
	rest := median(ways[0].rates)
	for _, w := range ways {
		fmt.Printf("%-28s %6.0f/s  %.2f of REST\n", w.name, median(w.rates), median(w.rates)/rest)
	}
	if got := median(ways[1].rates) / rest; got < goal {
		return fmt.Errorf("%s is %.2f of REST, less than %.2f", ways[1].name, got, goal)
	}
	return nil
}

func median(sorted []float64) float64 { return sorted[len(sorted)/2] }

// round has all clients ask, until so many certificates are issued, and
// returns how many there were a second.
func round(ctx context.Context, s *settings, w *way, requests [][]byte, count int) (float64, error) {
	var next atomic.Int64
	failures := make([]error, s.clients)
	var all sync.WaitGroup
	begin := time.Now()
	for c := range s.clients {
		all.Go(func() {
			for n := int(next.Add(1)); n <= count && failures[c] == nil; n = int(next.Add(1)) {
				failures[c] = w.issue(ctx, requests[n%len(requests)])
			}
		})
	}
	all.Wait()
	return float64(count) / time.Since(begin).Seconds(), errors.Join(failures...)
}
