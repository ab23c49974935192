package restsrv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/task"
)

// tag is an entity tag (RFC 9110, Section 8.8.3) of octets.
func tag(octets []byte) string {
	sum := sha256.Sum256(octets)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// bodyTag is the entity tag of all that a body tells.
func bodyTag(body any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("encoding what an entity tag is of: %w", err)
	}
	return tag(text), nil
}

// shown is a request as it is told at a time, with its entity tag. What would be
// issued moves with the time it is looked at, so the tag holds that time: what
// somebody saw can be compared with what they would have seen at that time by
// what there is now.
func (s *server) shown(ctx context.Context, t *authority.Ticket, at time.Time) (*client.Request, string, error) {
	at = at.Truncate(time.Second)
	view, err := task.ViewTicketAt(ctx, s.office, t, at)
	if err != nil {
		return nil, "", err
	}
	told := ticket(t)
	told.Findings, told.Changes = findings(view.Check.Findings), changes(view.Check.Changes)
	if view.Planned != nil {
		told.Planned = plan(view.Planned)
	}
	if view.Refusal != nil {
		told.Error = refused(view.Refusal).Problem
	}
	of, err := bodyTag(&told)
	if told.Planned != nil {
		of = strings.TrimSuffix(of, `"`) + "." + strconv.FormatInt(at.Unix(), 36) + `"`
	}
	return &told, of, err
}

// mostTags bounds how many entity tags of a list are held against what is there.
const mostTags = 16

// seen holds what a client has seen of a request, by If-Match, against what
// there is.
func (s *server) seen(ctx context.Context, t *authority.Ticket, ifMatch string) error {
	if ifMatch == "" {
		return nil
	}
	for i, one := range strings.Split(ifMatch, ",") {
		if i == mostTags {
			break
		}
		one = strings.TrimSpace(one)
		if one == "*" {
			return nil
		}
		_, of, err := s.shown(ctx, t, timeOf(one, s.Now()))
		if err != nil {
			return err
		}
		if one == of {
			return nil
		}
	}
	return changedSince()
}

// timeOf is the time in an entity tag; now where there is none.
func timeOf(tag string, now time.Time) time.Time {
	_, text, ok := strings.Cut(strings.Trim(tag, `"`), ".")
	seconds, err := strconv.ParseInt(text, 36, 64)
	if at := time.Unix(seconds, 0).UTC(); ok && err == nil && !at.After(now) && now.Sub(at) < longestLook {
		return at
	}
	return now
}

// longestLook is how old what somebody saw may be that they decide on.
const longestLook = 30 * 24 * time.Hour

// matches holds the tags of If-Match against that of what is there, strongly
// (RFC 9110, Section 13.1.1).
func matches(ifMatch, tag string) error {
	if ifMatch == "" || among(ifMatch, tag, false) {
		return nil
	}
	return changedSince()
}

func changedSince() error {
	return failed(http.StatusPreconditionFailed, client.CodeConflict, "it is not any more what you have seen", "look at it again, and decide anew")
}

// had reports whether a client has what it asks for already, by If-None-Match,
// which compares weakly (RFC 9110, Section 13.1.2).
func had(ifNoneMatch, tag string) bool { return ifNoneMatch != "" && among(ifNoneMatch, tag, true) }

// among reports whether a list of entity tags holds this one.
func among(list, tag string, weak bool) bool {
	for _, one := range strings.Split(list, ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == "*" || one == tag {
			return true
		}
	}
	return false
}
