package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/notice"
)

// notices tell people and programs outside of decisions, and of certificates
// that end soon.
type notices struct {
	queue     notice.Queue
	decisions []notice.Decisions
	ending    notice.Ending
	every     time.Duration // between looks for certificates that end
}

const mailTarget = "mail"

// notices makes them of the configuration; nothing where nobody is to be told.
func (s *Server) notices(r *regime) ([]door, error) {
	if n := s.newNotices(r); n != nil {
		return []door{{name: "notices", run: n.run}}, nil
	}
	return nil, nil
}

func (s *Server) newNotices(r *regime) *notices {
	o, c := s.config.Office, &r.settings
	n := &notices{every: duration(c.Alerts.Every)}
	n.queue = notice.Queue{Records: o.Store, Now: o.Now, Log: s.config.Log, Result: func(target, result string) { s.config.Measures.told.Add(1, target, result) }}
	n.ending = notice.Ending{Certificates: o.Store, Authorities: o.Store, Records: o.Store, Before: duration(c.Alerts.Expiry), Missed: c.Alerts.Missed,
		AuthorityBefore: duration(c.Alerts.Authority)}
	if c.Alerts.Mail.Server != "" {
		n.queue.Targets = append(n.queue.Targets, notice.Target{Name: mailTarget, Send: s.mail(&c.Alerts.Mail, r.receivers).Send, Patience: notice.PatienceOfMail})
		n.ending.Targets = append(n.ending.Targets, mailTarget)
	}
	if c.Alerts.Webhook.URL != "" {
		n.queue.Targets = append(n.queue.Targets, s.webhook("alerts:", &c.Alerts.Webhook, r.receivers))
		n.ending.Targets = append(n.ending.Targets, "alerts:"+c.Alerts.Webhook.Name)
	}
	for _, w := range c.Webhooks {
		t := s.webhook("webhook:", &w, r.receivers)
		n.queue.Targets = append(n.queue.Targets, t)
		n.decisions = append(n.decisions, notice.Decisions{Events: o.Store, Records: o.Store, Target: t.Name, Actions: w.Events})
	}
	if len(n.queue.Targets) == 0 {
		return nil
	}
	return n
}

func (s *Server) webhook(kind string, w *config.Webhook, roots receivers) notice.Target {
	hook := &notice.Webhook{URL: w.URL, Now: s.config.Office.Now, Secret: s.secret(w.Secret),
		Client: &http.Client{Transport: roots.transport(w.Roots), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	return notice.Target{Name: kind + w.Name, Send: hook.Send}
}

func (s *Server) mail(m *config.Mail, roots receivers) *notice.Mail {
	return &notice.Mail{Server: m.Server, TLS: m.TLS, User: m.User, Password: s.secret(m.Password), From: m.From, To: m.To, Hello: s.config.Host, Roots: poolOf(roots[m.Roots])}
}

// secret reads a secret each time it is needed, so that it can be changed.
func (s *Server) secret(source string) func() ([]byte, error) {
	return func() ([]byte, error) { return config.Secret(source, s.config.Getenv) }
}

// tick is how often the queue and the audit chain are looked at.
const tick = time.Second

// run looks for what is to be told, and has it told meanwhile.
func (n *notices) run(ctx context.Context) error {
	var telling sync.WaitGroup
	telling.Go(func() { n.queue.Work(ctx, tick) })
	defer telling.Wait()
	var looked time.Time
	for first := true; first || wait(ctx, tick); first = false {
		now := n.queue.Now()
		if len(n.ending.Targets) > 0 && now.Sub(looked) >= n.every {
			looked = now
			n.note(ctx, "looking for certificates that end soon", n.look(ctx, now))
		}
		for i := range n.decisions {
			n.note(ctx, "telling of decisions", n.decisions[i].Read(ctx, now))
		}
	}
	return nil
}

func (n *notices) look(ctx context.Context, now time.Time) error {
	if _, err := n.ending.Look(ctx, now); err != nil {
		return err
	}
	return n.ending.Tidy(ctx, now)
}

// note logs what went wrong; the next round tries again.
func (n *notices) note(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		n.queue.Log.Error(what, "cause", err)
	}
}
