package restsrv

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// authorities registers what has to do with authorities and profiles.
func (s *server) authorities() {
	tags := []string{"authorities"}
	on(s, huma.Operation{OperationID: "whoami", Method: http.MethodGet, Path: "/whoami", Summary: "Tell who the sender is taken for", Tags: []string{"access"}}, nil, s.whoami)
	on(s, huma.Operation{OperationID: "listAuthorities", Method: http.MethodGet, Path: "/cas", Summary: "List the authorities", Tags: tags}, nil, s.listCAs)
	on(s, huma.Operation{OperationID: "getAuthority", Method: http.MethodGet, Path: "/cas/{name}", Summary: "Show an authority", Tags: tags}, nil, s.getCA)
	on(s, huma.Operation{OperationID: "getRevocationList", Method: http.MethodGet, Path: "/cas/{name}/crl", Summary: "Fetch the newest revocation list", Tags: tags}, nil, s.getCRL)
	on(s, huma.Operation{OperationID: "publishRevocationLists", Method: http.MethodPost, Path: "/cas/{name}/crl", Summary: "Sign and publish the next revocation lists", Tags: tags, DefaultStatus: http.StatusCreated}, []access.Role{access.Officer}, s.publishCRL)
	on(s, huma.Operation{OperationID: "listProfiles", Method: http.MethodGet, Path: "/profiles", Summary: "List the profiles", Tags: []string{"profiles"}}, nil, s.listProfiles)
	on(s, huma.Operation{OperationID: "getProfile", Method: http.MethodGet, Path: "/profiles/{name}", Summary: "Show a profile", Tags: []string{"profiles"}}, nil, s.getProfile)
}

type nothing struct{}

type identityOutput struct{ Body client.Identity }

func (s *server) whoami(_ context.Context, x *sender, _ *nothing) (*identityOutput, error) {
	out := &identityOutput{client.Identity{Name: x.Name, Profiles: x.Profiles, CAs: x.CAs, Method: x.Method}}
	for _, r := range x.Roles {
		out.Body.Roles = append(out.Body.Roles, string(r))
	}
	return out, nil
}

func (s *server) ca(ctx context.Context, ca *authority.CA) (client.CA, error) {
	out := client.CA{Name: ca.Name, Standing: ca.State, Parent: ca.Parent, Created: ca.Created, Chain: ca.Chain}
	settings, err := task.SettingsOf(ca)
	if err != nil {
		return out, err
	}
	out.Settings = task.TellSettings(&settings)
	if out.Chain == nil {
		out.Chain = [][]byte{}
	}
	if len(ca.Chain) > 0 {
		if c, err := cert.Parse(ca.Chain[0]); err == nil {
			out.Subject = c.Subject.String()
		}
	}
	out.State, err = s.Authority.State(ctx, ca.Name)
	return out, err
}

type caPage struct{ Body client.Page[client.CA] }

func (s *server) listCAs(ctx context.Context, _ *sender, _ *nothing) (*caPage, error) {
	all, err := s.Store.CAs(ctx)
	if err != nil {
		return nil, err
	}
	out := &caPage{client.Page[client.CA]{Items: []client.CA{}}}
	for _, ca := range all {
		told, err := s.ca(ctx, ca)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, told)
	}
	return out, nil
}

// ByName is the path of what is named.
type ByName struct {
	Name string `path:"name" maxLength:"200"`
}

type caOutput struct {
	ETag string `header:"ETag"`
	Body *client.CA
}

func (s *server) caNamed(ctx context.Context, name string) (*authority.CA, error) {
	ca, err := s.Store.CA(ctx, name)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: "there is no authority " + short(name), Fix: "see those there are: certwright ca list"}
	}
	return ca, err
}

func (s *server) getCA(ctx context.Context, _ *sender, in *ByName) (*caOutput, error) {
	ca, err := s.caNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	told, err := s.ca(ctx, ca)
	if err != nil {
		return nil, err
	}
	tag, err := bodyTag(&told)
	return &caOutput{ETag: tag, Body: &told}, err
}

type crlInput struct {
	ByName
	Kind        string `query:"kind" enum:"full,delta" default:"full"`
	Shard       int    `query:"shard" minimum:"0"`
	IfNoneMatch string `header:"If-None-Match"`
}

func (s *server) getCRL(ctx context.Context, _ *sender, in *crlInput) (*fileOutput, error) {
	if _, err := s.caNamed(ctx, in.Name); err != nil {
		return nil, err
	}
	list, err := s.Store.LatestCRL(ctx, in.Name, authority.CRLKind(in.Kind), in.Shard)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, failed(http.StatusNotFound, client.CodeNotFound, "the authority "+short(in.Name)+" has published no such revocation list yet", "have it published: certwright crl publish")
	}
	if err != nil {
		return nil, err
	}
	out := &fileOutput{Status: http.StatusOK, ETag: tag(list.DER), ContentType: crlType, Body: list.DER}
	if had(in.IfNoneMatch, out.ETag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

type publicationInput struct {
	ByName
	Body client.Publication
}

type publicationOutput struct {
	Body client.Page[client.RevocationList]
}

func (s *server) publishCRL(ctx context.Context, x *sender, in *publicationInput) (*publicationOutput, error) {
	if _, _, err := x.Scope("", in.Name); err != nil {
		return nil, err
	}
	if _, err := s.caNamed(ctx, in.Name); err != nil {
		return nil, err
	}
	kind, shard := authority.CRLKind(cmp.Or(in.Body.Kind, string(authority.FullCRL))), -1
	if in.Body.Shard != nil {
		shard = *in.Body.Shard
	}
	lists, err := s.Authority.PublishCRL(ctx, in.Name, kind, shard, x.Name)
	if err != nil {
		return nil, err
	}
	out := &publicationOutput{client.Page[client.RevocationList]{Items: []client.RevocationList{}}}
	for _, l := range lists {
		out.Body.Items = append(out.Body.Items, client.RevocationList{CA: l.CA, Kind: string(l.Kind), Shard: l.Shard, Number: l.Number, Base: l.Base,
			ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Entries: l.Entries, DER: l.DER})
	}
	return out, nil
}

type profilePage struct{ Body client.Page[client.Profile] }

// source tells where a profile comes from, and no file of this machine.
func source(text string) string {
	if text == "built in" {
		return text
	}
	return "own"
}

func (s *server) listProfiles(_ context.Context, _ *sender, _ *nothing) (*profilePage, error) {
	out := &profilePage{client.Page[client.Profile]{Items: []client.Profile{}}}
	for _, e := range s.Profiles.List() {
		one := client.Profile{Name: e.Name, Source: source(e.Source)}
		if p, err := s.Profiles.Get(e.Name); err != nil {
			one.Error = "the profile has a mistake; certwright profile check tells it on the server"
		} else {
			one.Version, one.IssuesCA = p.Version, p.IssuesCA()
		}
		out.Body.Items = append(out.Body.Items, one)
	}
	return out, nil
}

type profileOutput struct {
	ETag string `header:"ETag"`
	Body client.Profile
}

func (s *server) getProfile(_ context.Context, _ *sender, in *ByName) (*profileOutput, error) {
	p, err := s.Profiles.Get(in.Name)
	if err != nil {
		return nil, err
	}
	told := client.Profile{Name: p.Name, Version: p.Version, Source: source(s.Profiles.Source(p.Name)), IssuesCA: p.IssuesCA(), Text: string(p.Text())}
	tag, err := bodyTag(&told)
	return &profileOutput{tag, told}, err
}
