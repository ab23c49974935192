package server

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/responder"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/metrics"
)

// Measures are the metrics of a server.
type Measures struct {
	metrics.Registry
	requests     *metrics.Counter
	seconds      *metrics.Histogram
	tickets      *metrics.Counter
	certificates *metrics.Counter
	revocations  *metrics.Counter
	lists        *metrics.Counter
	commits      *metrics.Histogram
	reloads      *metrics.Counter
	told         *metrics.Counter
	answers      *metrics.Counter

	failing atomic.Bool // nothing could be written when that was last tried, or it is not known yet
}

// NewMeasures returns the metrics, all at zero.
func NewMeasures(version string, started time.Time) *Measures {
	m := &Measures{}
	m.failing.Store(true) // until it was tried
	times := []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	m.requests = m.Counter("certwright_http_requests_total", "Requests answered.", "door", "method", "code")
	m.seconds = m.Histogram("certwright_http_request_seconds", "Time to answer a request, in seconds.", times, "door")
	m.tickets = m.Counter("certwright_tickets_total", "Times that a request came to this state.", "ca", "profile", "state")
	m.certificates = m.Counter("certwright_certificates_issued_total", "Certificates issued.", "ca", "profile")
	m.revocations = m.Counter("certwright_certificates_status_total", "Certificates revoked, put on hold or released.", "ca", "status", "reason")
	m.lists = m.Counter("certwright_crls_total", "Revocation lists signed.", "ca", "kind")
	m.commits = m.Histogram("certwright_commit_seconds", "Time until changes are on disk, in seconds.", times)
	m.reloads = m.Counter("certwright_reloads_total", "Times that the configuration was read again.", "result")
	m.told = m.Counter("certwright_messages_total", "Alerts and webhook messages sent, or tried in vain.", "to", "result")
	m.answers = m.Counter("certwright_ocsp_answers_total", "OCSP answers, by their status and what the records say of the certificate.", "status", "standing")
	m.Gauge("certwright_build_info", "The program's version.", "gauge", []string{"version", "go"}, func(emit metrics.Emit) {
		emit(1, version, runtime.Version())
	})
	m.AddProcess(started)
	return m
}

// watch adds what is looked up at the server each time the metrics are read.
func (s *Server) watch() {
	m := s.config.Measures
	m.Gauge("certwright_connections", "Connections from clients.", "gauge", []string{"state"}, func(emit metrics.Emit) {
		all, idle, _ := s.crowd.count()
		emit(float64(all-idle), "active")
		emit(float64(idle), "idle")
	})
	m.Gauge("certwright_connections_shed_total", "Idle connections closed to make room for others.", "counter", nil, func(emit metrics.Emit) {
		_, _, shed := s.crowd.count()
		emit(float64(shed))
	})
	m.Gauge("certwright_server_certificate_end_seconds", "End of the certificate that the server shows, in seconds since 1970.", "gauge", nil, func(emit metrics.Emit) {
		emit(float64(s.now.Load().identity.expires().Unix()))
	})
	m.Gauge("certwright_ca_certificate_end_seconds", "End of the certificate of an active authority, in seconds since 1970.", "gauge", []string{"ca"}, s.measureAuthorities)
	m.Gauge("certwright_crl_end_seconds", "Time of the next update in the newest revocation list, in seconds since 1970.", "gauge", []string{"ca", "kind", "shard"}, s.measureLists)
	m.Gauge("certwright_ocsp_responder_end_seconds", "End of the newest responder certificate of an authority, in seconds since 1970.", "gauge", []string{"ca"}, s.measureResponders)
	m.Gauge("certwright_audit_events_total", "Entries of the audit chain.", "counter", nil, func(emit metrics.Emit) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if head, _, err := s.config.Office.Store.Head(ctx); err == nil {
			emit(float64(head))
		}
	})
}

func (s *Server) measureAuthorities(emit metrics.Emit) {
	s.eachAuthority(func(_ context.Context, ca *authority.CA) {
		if c, err := cert.Parse(ca.Chain[0]); err == nil {
			emit(float64(c.NotAfter.Unix()), ca.Name)
		}
	})
}

func (s *Server) measureLists(emit metrics.Emit) {
	s.eachAuthority(func(ctx context.Context, ca *authority.CA) {
		_, settings, err := s.config.Office.Authority.CA(ctx, ca.Name)
		if err != nil {
			return
		}
		for _, kind := range []authority.CRLKind{authority.FullCRL, authority.DeltaCRL} {
			for shard := range max(settings.Shards, 1) {
				if list, err := s.config.Office.Store.NewestCRL(ctx, ca.Name, kind, shard); err == nil {
					emit(float64(list.NextUpdate.Unix()), ca.Name, string(kind), strconv.Itoa(shard))
				}
			}
		}
	})
}

func (s *Server) measureResponders(emit metrics.Emit) {
	s.eachAuthority(func(ctx context.Context, ca *authority.CA) {
		records, err := s.config.Office.Store.FindRecords(ctx, authority.RecordQuery{Kind: responder.RecordKind, Owner: ca.Name})
		if err != nil || len(records) == 0 {
			return
		}
		var end time.Time
		for _, r := range records {
			if r.Due.After(end) {
				end = r.Due
			}
		}
		emit(float64(end.Unix()), ca.Name)
	})
}

func (s *Server) eachAuthority(do func(context.Context, *authority.CA)) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := s.config.Office.Store.CAs(ctx)
	if err != nil {
		s.config.Log.Warn("measuring the authorities", "cause", err)
		return
	}
	for _, ca := range all {
		if ca.State == authority.CAActive && len(ca.Chain) > 0 {
			do(ctx, ca)
		}
	}
}

// Observe returns a store that counts what is committed to another.
func (m *Measures) Observe(s authority.Store) authority.Store { return observed{s, m} }

type observed struct {
	authority.Store
	m *Measures
}

// Commit counts the changes that were applied.
func (o observed) Commit(ctx context.Context, changes ...*authority.Change) ([]error, error) {
	begin := time.Now()
	errs, err := o.Store.Commit(ctx, changes...)
	o.m.commits.Observe(time.Since(begin).Seconds())
	o.watch(append(errs, err)...)
	if err != nil {
		return errs, err
	}
	for i, c := range changes {
		if errs[i] == nil {
			o.m.count(c)
		}
	}
	return errs, nil
}

// PutRecords sees whether there is room.
func (o observed) PutRecords(ctx context.Context, r ...*authority.Record) error {
	err := o.Store.PutRecords(ctx, r...)
	o.watch(err)
	return err
}

// watch remembers that something could not be written for a reason of the
// store's own.
func (o observed) watch(all ...error) {
	theirs := []error{nil, authority.ErrNotFound, authority.ErrConflict, authority.ErrExists, authority.ErrKey, context.Canceled, context.DeadlineExceeded}
	for _, err := range all {
		if !slices.ContainsFunc(theirs, func(known error) bool { return errors.Is(err, known) }) {
			o.m.failing.Store(true)
		}
	}
}

func (m *Measures) count(c *authority.Change) {
	if w := c.PutTicket; w != nil {
		ca, profile := w.Ticket.CA, w.Ticket.Profile
		if w.Ticket.ProfileVersion == "" { // names that a client made up: as labels they would have no end
			ca, profile = "", ""
		}
		m.tickets.Add(1, ca, profile, string(w.Ticket.State))
	}
	if added := c.AddCertificate; added != nil {
		m.certificates.Add(1, added.CA, added.Profile)
	}
	if w := c.SetStatus; w != nil {
		m.revocations.Add(1, w.CA, string(w.To), crl.Reason(w.Reason).String())
	}
	if list := c.AddCRL; list != nil {
		m.lists.Add(1, list.CA, string(list.Kind))
	}
}
