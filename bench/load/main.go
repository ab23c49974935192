// Command load has many clients ask an online authority for certificates at
// once, over connections that are kept, and prints how many a second it
// issues and how long they wait. The same clients can drive Certwright,
// step-ca and cfssl, so that the rates compare. Quote ratios of one run on one
// machine; clients and server share its processors.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// settings are those of one run.
type settings struct {
	kind, url, root, token, certwright string
	provisioner, provisionerKey        string
	clients, count, warm, rounds       int
	distinct                           int
}

func main() {
	var s settings
	flag.StringVar(&s.kind, "kind", "certwright", "what is driven: certwright, step-ca or cfssl")
	flag.StringVar(&s.url, "url", "", "where it is; empty: a certwright server is started in an empty home")
	flag.StringVar(&s.root, "root", "", "file of the root that its TLS certificate is under")
	flag.StringVar(&s.token, "token", "", "certwright: file of a token with the role applicant")
	flag.StringVar(&s.certwright, "certwright", "bin/certwright", "the program that is started")
	flag.StringVar(&s.provisioner, "provisioner", "load", "step-ca: name of the JWK provisioner")
	flag.StringVar(&s.provisionerKey, "provisioner-key", "", "step-ca: file of its private key, a JWK that is not encrypted")
	flag.IntVar(&s.clients, "clients", 32, "clients at once")
	flag.IntVar(&s.count, "requests", 20_000, "requests in a round")
	flag.IntVar(&s.warm, "warm", 2_000, "requests before the first round, which do not count")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds; the median counts")
	flag.IntVar(&s.distinct, "distinct", 2_000, "different requests, each with a P-256 key of its own")
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background(), &s); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s *settings) error {
	if s.url == "" {
		stop, err := startOwn(ctx, s)
		if err != nil {
			return err
		}
		defer stop()
	}
	d, err := driverOf(s)
	if err != nil {
		return err
	}
	requests, err := makeRequests(s.distinct)
	if err != nil {
		return err
	}
	if _, err := round(ctx, s, d, requests, s.warm); err != nil {
		return err
	}
	var all []result
	for range s.rounds {
		r, err := round(ctx, s, d, requests, s.count)
		if err != nil {
			return err
		}
		fmt.Printf("%s  %d clients  %6.0f/s  p50 %5.1f ms  p99 %5.1f ms  longest %5.1f ms\n", s.kind, s.clients, r.rate, r.at(50), r.at(99), r.at(100))
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b result) int { return int(a.rate - b.rate) })
	m := all[len(all)/2]
	fmt.Printf("%s  median of %d rounds: %.0f certificates/s, p50 %.1f ms, p99 %.1f ms\n", s.kind, len(all), m.rate, m.at(50), m.at(99))
	return nil
}

// result is how one round went.
type result struct {
	rate  float64
	waits []time.Duration // in order
}

// at is the wait, in milliseconds, that so many of a hundred do not exceed.
func (r *result) at(percent int) float64 {
	i := max(0, min(len(r.waits)-1, len(r.waits)*percent/100))
	return float64(r.waits[i].Microseconds()) / 1000
}

// round has all clients ask, until so many certificates are issued.
func round(ctx context.Context, s *settings, d driver, requests []string, count int) (result, error) {
	var next atomic.Int64
	waits := make([][]time.Duration, s.clients)
	failures := make([]error, s.clients)
	var all sync.WaitGroup
	client := d.http()
	begin := time.Now()
	for c := range s.clients {
		all.Go(func() {
			for {
				n := int(next.Add(1))
				if n > count || failures[c] != nil {
					return
				}
				asked := time.Now()
				failures[c] = d.issue(ctx, client, requests[n%len(requests)])
				waits[c] = append(waits[c], time.Since(asked))
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	r := result{rate: float64(count) / took.Seconds(), waits: slices.Concat(waits...)}
	slices.Sort(r.waits)
	return r, errors.Join(failures...)
}

// newHTTP keeps a connection for each client.
func newHTTP(s *settings) (*http.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost, t.MaxIdleConns, t.ForceAttemptHTTP2 = s.clients, 0, false
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if s.root != "" {
		text, err := os.ReadFile(s.root)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: there is no certificate in it", s.root)
		}
	}
	return &http.Client{Transport: t, Timeout: time.Minute}, nil
}
