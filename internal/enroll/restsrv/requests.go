package restsrv

import (
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"math/big"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

func applicants() []access.Role { return []access.Role{access.Applicant, access.Officer} }

func readers() []access.Role { return []access.Role{access.Applicant, access.Officer, access.Auditor} }

func officers() []access.Role { return []access.Role{access.Officer} }

// requests registers what has to do with requests and their review.
func (s *server) requests() {
	on(s, huma.Operation{OperationID: "submitRequest", Method: http.MethodPost, Path: "/requests", Summary: "Submit a request", Tags: []string{"requests"},
		Description: "201: issued; 202: held for an officer; 422: refused, with the ticket it is on record under", DefaultStatus: http.StatusCreated, MaxBodyBytes: largestRequest}, applicants(), s.submit)
	on(s, huma.Operation{OperationID: "checkRequest", Method: http.MethodPost, Path: "/requests/check", Summary: "Judge a request, and record and sign nothing", Tags: []string{"requests"},
		MaxBodyBytes: largestRequest}, applicants(), s.check)
	on(s, huma.Operation{OperationID: "listRequests", Method: http.MethodGet, Path: "/requests", Summary: "List requests, oldest first", Tags: []string{"requests"}}, readers(), s.listRequests)
	on(s, huma.Operation{OperationID: "getRequest", Method: http.MethodGet, Path: "/requests/{ticket}", Summary: "Show a request: an open one as it would be judged now", Tags: []string{"requests"}}, readers(), s.getRequest)
	a := s.Authority
	s.step("answer", "Answer, as the applicant, what an officer asked", applicants(), true, a.Answer)
	s.step("withdraw", "Take a request back, as its applicant", applicants(), false, func(ctx context.Context, t, from, _ string) (*authority.Outcome, error) {
		return a.Withdraw(ctx, t, from)
	})
	s.step("ask", "Ask the applicant of a held request for more", officers(), true, a.Ask)
	s.step("approve", "Approve a held request, and have it signed", officers(), false, a.Approve)
	s.step("refuse", "Refuse an open request", officers(), true, a.Refuse)
	on(s, huma.Operation{OperationID: "confirmRequest", Method: http.MethodPost, Path: "/requests/{ticket}/confirm", Summary: "Answer, as the applicant, what was encrypted to the key", Tags: []string{"requests"}}, applicants(), s.confirm)
	s.describeSubmission("/api/v1/requests")
	s.describeSubmission("/api/v1/requests/check")
}

// describeSubmission says in the description what the body of a submission
// is. It is said after the operation is registered, so that bodies are read
// once, by this package.
func (s *server) describeSubmission(path string) {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[client.Submission](), true, "Submission")
	raw := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	s.api.OpenAPI().Paths[path].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema}, "application/pkcs10": raw, "application/x-pem-file": raw, "text/plain": raw, "application/octet-stream": raw,
	}}
}

// answered is an Outcome with what goes into its header.
type answered struct {
	Status   int
	Location string `header:"Location"`
	Body     *client.Outcome
}

// answer tells what became of a request.
func (s *server) answer(out *authority.Outcome) (*answered, error) {
	if out.Refusal != nil && out.Ticket.State == authority.StateRefused {
		return nil, refusal(out)
	}
	told := &answered{Status: http.StatusAccepted, Location: "/api/v1/requests/" + out.Ticket.ID, Body: s.outcome(out)}
	if out.Certificate != nil {
		told.Status = http.StatusCreated
	}
	return told, nil
}

func (s *server) submit(ctx context.Context, x *sender, in *submitted) (*answered, error) {
	body, err := in.read()
	if err != nil {
		return nil, err
	}
	submission, err := x.submission(body, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	order := *body
	sum := submission.Request.Fingerprint()
	order.Request = hex.EncodeToString(sum[:]) // it may be no text
	once, err := s.once(ctx, x, in.IdempotencyKey, "/requests", order)
	if err != nil {
		return nil, err
	}
	return s.submitted(ctx, once, func(with func(*authority.Outcome) ([]*authority.Record, error)) (*authority.Outcome, error) {
		submission.With = with
		return task.SubmitOnce(ctx, s.office, submission)
	})
}

// submitted is the answer to what is submitted once: to what was submitted before
// under its key, the same as then. Do submits it together with records.
func (s *server) submitted(ctx context.Context, once *authority.Once, do func(with func(*authority.Outcome) ([]*authority.Record, error)) (*authority.Outcome, error)) (*answered, error) {
	before, err := once.Made(ctx, s.Store)
	if err != nil {
		return nil, err
	}
	if before != "" {
		out, err := s.Authority.Ticket(ctx, before)
		if err != nil {
			return nil, err
		}
		out.Repeated = true
		return s.answer(out)
	}
	out, err := do(func(out *authority.Outcome) ([]*authority.Record, error) { return once.Records(out.Ticket.ID) })
	if err != nil {
		return nil, err
	}
	if out.Repeated { // by another at the same time
		if _, err := once.Made(ctx, s.Store); err != nil {
			return nil, err
		}
	}
	return s.answer(out)
}

type checkedOutput struct{ Body *client.Outcome }

func (s *server) check(ctx context.Context, x *sender, in *submitted) (*checkedOutput, error) {
	body, err := in.read()
	if err != nil {
		return nil, err
	}
	submission, err := x.submission(body, "")
	if err != nil {
		return nil, err
	}
	submission.DryRun = true
	out, err := s.Authority.Submit(ctx, submission)
	if err != nil {
		return nil, err
	}
	c, err := task.CheckOf(out, submission.Profile)
	if err != nil {
		return nil, err
	}
	return &checkedOutput{checked(out, c)}, nil
}

// Paged is where a page of a list begins, and how long it is.
type Paged struct {
	Cursor string `query:"cursor" doc:"\"next\" of the page before" maxLength:"2000"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"at most so many on this page"`
}

type requestList struct {
	Paged
	State          string `query:"state" enum:"held,asked,unconfirmed,issued,refused,withdrawn"`
	Open           bool   `query:"open" doc:"those that are held, asked or unconfirmed; not with state"`
	CA             string `query:"ca"`
	Requester      string `query:"requester"`
	Fingerprint    string `query:"fingerprint" doc:"SHA-256 of the request, hexadecimal"`
	KeyFingerprint string `query:"keyFingerprint" doc:"SHA-256 of the subject public key info, hexadecimal"`
}

// query is what a sender may have of what they ask for.
func (in *requestList) query(x *sender) (authority.TicketQuery, error) {
	q := authority.TicketQuery{CA: in.CA, Requester: in.Requester, State: authority.State(in.State), Open: in.Open}
	if in.Open && in.State != "" {
		return q, usage("leave one of them out: open has those that are held, asked or unconfirmed", "open and state exclude each other")
	}
	if !x.everything() {
		q.Requester = x.Name
	}
	var err error
	if q.Fingerprint, err = hexadecimal("fingerprint", in.Fingerprint); err != nil {
		return q, err
	}
	if q.KeyFingerprint, err = hexadecimal("keyFingerprint", in.KeyFingerprint); err != nil {
		return q, err
	}
	q.After, err = in.after()
	return q, err
}

type requestPage struct{ Body client.Page[client.Request] }

func (s *server) listRequests(ctx context.Context, x *sender, in *requestList) (*requestPage, error) {
	out := &requestPage{client.Page[client.Request]{Items: []client.Request{}}}
	q, err := in.query(x)
	if err != nil {
		return nil, err
	}
	if !x.everything() && in.Requester != "" && in.Requester != x.Name {
		return out, nil
	}
	if q.After != "" {
		if _, err := s.ticketFor(ctx, x, q.After); errors.As(err, new(*request.Refusal)) {
			return nil, badCursor()
		} else if err != nil {
			return nil, err
		}
	}
	// A ticket keeps its place when its state changes: the order is that in which
	// they were made, whatever they wait for.
	last := ""
	for t, err := range s.Store.Tickets(ctx, q) {
		if errors.Is(err, authority.ErrNotFound) {
			return nil, badCursor()
		}
		if err != nil {
			return nil, err
		}
		if !x.sees(t.Requester, t.CA, t.Profile) {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = last
			return out, nil
		}
		out.Body.Items = append(out.Body.Items, ticket(t))
		last = cursor(t.ID)
	}
	return out, nil
}

type ticketInput struct {
	Ticket      string `path:"ticket" maxLength:"64"`
	IfNoneMatch string `header:"If-None-Match" doc:"the ETag of what is there already"`
}

type requestOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *client.Request
}

// ticketFor returns a ticket that the sender may know of.
func (s *server) ticketFor(ctx context.Context, x *sender, id string) (*authority.Ticket, error) {
	id = strings.ToUpper(id)
	t, err := s.Store.Ticket(ctx, id)
	if errors.Is(err, authority.ErrNotFound) || err == nil && !x.sees(t.Requester, t.CA, t.Profile) {
		return nil, &request.Refusal{Reason: request.UnknownRequest, Field: "ticket", Detail: "there is no ticket " + short(id), Fix: "see your requests: certwright review list"}
	}
	return t, err
}

func (s *server) getRequest(ctx context.Context, x *sender, in *ticketInput) (*requestOutput, error) {
	t, err := s.ticketFor(ctx, x, in.Ticket)
	if err != nil {
		return nil, err
	}
	told, tag, err := s.shown(ctx, t, s.Now())
	if err != nil {
		return nil, err
	}
	if had(in.IfNoneMatch, tag) {
		return &requestOutput{Status: http.StatusNotModified, ETag: tag}, nil
	}
	return &requestOutput{Status: http.StatusOK, ETag: tag, Body: told}, nil
}

type stepInput struct {
	Ticket  string `path:"ticket" maxLength:"64"`
	IfMatch string `header:"If-Match" doc:"the ETag of what was decided on: nothing is done where it was changed since"`
	Body    struct {
		Text string `json:"text,omitempty" maxLength:"10000" doc:"the question, the answer, the reason or a note"`
	}
}

// step registers a step of a review.
func (s *server) step(verb, summary string, roles []access.Role, needsText bool, do func(ctx context.Context, ticket, who, text string) (*authority.Outcome, error)) {
	on(s, huma.Operation{OperationID: verb + "Request", Method: http.MethodPost, Path: "/requests/{ticket}/" + verb, Summary: summary, Tags: []string{"requests"}}, roles,
		func(ctx context.Context, x *sender, in *stepInput) (*checkedOutput, error) {
			if needsText && strings.TrimSpace(in.Body.Text) == "" {
				return nil, usage("put it into the field \"text\"", "a text is needed to %s", verb)
			}
			t, err := s.ticketFor(ctx, x, in.Ticket)
			if err != nil {
				return nil, err
			}
			if err := s.seen(ctx, t, in.IfMatch); err != nil {
				return nil, err
			}
			out, err := do(ctx, t.ID, x.Name, in.Body.Text)
			if err != nil {
				return nil, err
			}
			told := s.outcome(out)
			if out.Refusal != nil {
				told.Error = refused(out.Refusal).Problem
			}
			return &checkedOutput{told}, nil
		})
}

type confirmInput struct {
	Ticket string `path:"ticket" maxLength:"64"`
	Body   client.Confirmation
}

func (s *server) confirm(ctx context.Context, x *sender, in *confirmInput) (*checkedOutput, error) {
	t, err := s.ticketFor(ctx, x, in.Ticket)
	if err != nil {
		return nil, err
	}
	answer := authority.Confirmation{Ticket: t.ID, From: x.Name, CertHash: in.Body.CertHash, Rejected: in.Body.Rejected}
	known := false
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if in.Body.Hash == h.String() || in.Body.Hash == "" && h == crypto.SHA256 {
			answer.Hash, known = h, true
		}
	}
	if !known {
		return nil, usage("use SHA-256, SHA-384 or SHA-512", "the hash %q is not known", short(in.Body.Hash))
	}
	if in.Body.Answer != "" {
		number, ok := new(big.Int).SetString(in.Body.Answer, 10)
		if !ok || len(in.Body.Answer) > 5000 {
			return nil, usage("write it in decimal digits", "the answer is no number")
		}
		answer.Answer = number
	}
	out, err := s.Authority.Confirm(ctx, answer)
	if err != nil {
		return nil, err
	}
	told := s.outcome(out)
	if out.Refusal != nil {
		told.Error = refused(out.Refusal).Problem
	}
	return &checkedOutput{told}, nil
}
