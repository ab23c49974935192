// Package acmecheck looks whether a name is under an account's control: it
// fetches what the challenges of ACME ask for, and the CAA records that say who
// may issue at all, without letting itself be sent where it must not go.
package acmecheck

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/protocol/acme"
)

// Settings are what an operator may choose.
type Settings struct {
	Resolvers     []string       // "host:port" of recursive resolvers; empty: those of the system
	Agree         int            // how many resolvers, each asked alone, must see the proof; 0 and 1: the first that answers is believed
	HTTPPort      int            // 0: 80
	HTTPSPort     int            // of redirects of http-01; 0: 443
	TLSPort       int            // of tls-alpn-01; 0: 443
	Allow         []netip.Prefix // networks that may be asked although they are private, loopback or link-local
	CAAIdentities []string       // the names by which CAA records permit this authority; empty: CAA is not looked at
	PersistNames  []string       // issuer domain names of dns-persist-01
	PersistPrefix string         // the account hash prefix of dns-persist-01
	Timeout       time.Duration  // for one check; 0: 10 s
}

// Task is one challenge that an account says it has fulfilled.
type Task struct {
	Method      string // acme.HTTP01 …
	Identifier  acme.Identifier
	Wildcard    bool // the identifier is ordered with "*." before it
	Token       string
	Thumbprints []string // of the account's keys, the present one first
	AccountURL  string
}

func (t *Task) keyAuthorization() string { return acme.KeyAuthorization(t.Token, t.Thumbprints[0]) }

// Proof is what a fulfilled challenge says besides that it is.
type Proof struct {
	Until time.Time // relied on no longer than this; zero: no limit
}

// Checker checks. It keeps no state and is safe for concurrent use.
type Checker struct {
	settings  Settings
	now       func() time.Time
	resolvers []*resolver // one, or as many as must be asked alone
}

// New checks the settings. A nil clock is the system's.
func New(s Settings, now func() time.Time) (*Checker, error) {
	if s.HTTPPort == 0 {
		s.HTTPPort = 80
	}
	if s.HTTPSPort == 0 {
		s.HTTPSPort = 443
	}
	if s.TLSPort == 0 {
		s.TLSPort = 443
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Second
	}
	if now == nil {
		now = time.Now
	}
	if s.Agree > max(1, len(s.Resolvers)) {
		return nil, errors.New("more resolvers must agree than there are: name more resolvers, or let fewer agree")
	}
	for _, r := range s.Resolvers {
		if _, _, err := net.SplitHostPort(r); err != nil {
			return nil, errors.New("the resolver " + r + " needs a port: write it as host:port, such as 192.0.2.53:53")
		}
	}
	c := &Checker{settings: s, now: now}
	if s.Agree > 1 {
		for _, r := range s.Resolvers {
			c.resolvers = append(c.resolvers, &resolver{servers: []string{r}})
		}
		return c, nil
	}
	only := &resolver{servers: slices.Clone(s.Resolvers)}
	if len(s.Resolvers) == 0 {
		only.system = net.DefaultResolver
	}
	c.resolvers = []*resolver{only}
	return c, nil
}

// Check does a task. The problem says what was wrong; it is nil where the
// challenge is fulfilled and no CAA record stands against it.
func (c *Checker) Check(ctx context.Context, t Task) (Proof, *acme.Problem) {
	return c.agreed(ctx, func(ctx context.Context, r *resolver) (Proof, *acme.Problem) { return c.through(ctx, r, &t) })
}

// Permitted looks at CAA records alone, for what a task has proven before.
func (c *Checker) Permitted(ctx context.Context, t Task) *acme.Problem {
	if !c.heedsCAA(&t) {
		return nil
	}
	_, problem := c.agreed(ctx, func(ctx context.Context, r *resolver) (Proof, *acme.Problem) { return Proof{}, c.permitted(ctx, r, &t) })
	return problem
}

// heedsCAA reports whether CAA records matter to a task.
func (c *Checker) heedsCAA(t *Task) bool {
	return t.Identifier.Type == acme.DNS && len(c.settings.CAAIdentities) > 0
}

// agreed is what is seen through the resolvers, or as many as must agree.
func (c *Checker) agreed(ctx context.Context, see func(context.Context, *resolver) (Proof, *acme.Problem)) (Proof, *acme.Problem) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	need := max(1, c.settings.Agree)
	proofs, problems := make([]Proof, len(c.resolvers)), make([]*acme.Problem, len(c.resolvers))
	if len(c.resolvers) == 1 {
		proofs[0], problems[0] = see(ctx, c.resolvers[0])
		return proofs[0], problems[0]
	}
	var all sync.WaitGroup
	for i, r := range c.resolvers {
		all.Go(func() { proofs[i], problems[i] = see(ctx, r) })
	}
	all.Wait()
	var seen Proof
	for i := range proofs {
		if problems[i] == nil {
			need--
			seen = seen.and(proofs[i])
		}
	}
	if need <= 0 {
		return seen, nil
	}
	i := slices.IndexFunc(problems, func(p *acme.Problem) bool { return p != nil })
	return Proof{}, problems[i]
}

// and returns what holds where both proofs are relied on.
func (p Proof) and(q Proof) Proof {
	if p.Until.IsZero() || !q.Until.IsZero() && q.Until.Before(p.Until) {
		return q
	}
	return p
}

// through checks with the eyes of one resolver: the proof, and meanwhile CAA.
func (c *Checker) through(ctx context.Context, r *resolver, t *Task) (Proof, *acme.Problem) {
	if !c.heedsCAA(t) {
		return c.prove(ctx, r, t)
	}
	caa := make(chan *acme.Problem, 1)
	go func() { caa <- c.permitted(ctx, r, t) }()
	proof, problem := c.prove(ctx, r, t)
	if refusal := <-caa; problem == nil {
		problem = refusal
	}
	return proof, problem
}

func (c *Checker) prove(ctx context.Context, r *resolver, t *Task) (Proof, *acme.Problem) {
	switch t.Method {
	case acme.HTTP01:
		return Proof{}, c.http01(ctx, r, t)
	case acme.TLSALPN01:
		return Proof{}, c.tlsALPN01(ctx, r, t)
	case acme.DNS01:
		return Proof{}, c.txt(ctx, r, t, "_acme-challenge."+t.Identifier.Value)
	case acme.DNSAccount01:
		return Proof{}, c.txt(ctx, r, t, acme.AccountLabel(t.AccountURL)+"._acme-challenge."+t.Identifier.Value)
	case acme.DNSPersist01:
		return c.persist(ctx, r, t)
	}
	return Proof{}, acme.NewProblem(acme.Malformed, "there is no challenge of the type "+t.Method)
}

// txt looks for the value of dns-01 (RFC 8555, Section 8.4).
func (c *Checker) txt(ctx context.Context, r *resolver, t *Task, name string) *acme.Problem {
	texts, err := r.texts(ctx, name)
	if err != nil {
		return dnsProblem(err)
	}
	want := acme.DNSValue(t.keyAuthorization())
	if slices.Contains(texts, want) {
		return nil
	}
	if len(texts) == 0 {
		return acme.NewProblem(acme.Unauthorized, "there is no TXT record at "+name+"; publish one that says "+want)
	}
	return acme.NewProblem(acme.Unauthorized, "no TXT record at "+name+" says "+want+"; "+others(texts)+
		": publish the value of this challenge, and wait until all name servers have it")
}

// others tells what is there instead of the value of a challenge. What does not
// look like such a value is counted only: an alias may have led to the records
// of somebody else.
func others(texts []string) string {
	values := slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		sum, err := base64.RawURLEncoding.DecodeString(text)
		return err != nil || len(sum) != sha256.Size
	})
	switch {
	case len(values) > 0:
		return "there is " + excerpt(strings.Join(values, ", "))
	case len(texts) == 1:
		return "there is another"
	}
	return fmt.Sprintf("there are %d others", len(texts))
}

// excerpt is what of a foreign text can be shown: its beginning, in ASCII.
func excerpt(text string) string {
	const most = 100
	visible := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, text[:min(len(text), most)])
	if len(text) > most {
		visible += "…"
	}
	return "\"" + visible + "\""
}
