package cmpsrv

import (
	"context"
	"slices"
	"time"

	"github.com/certwright/certwright/protocol/cmp"
)

// poll answers pollReq.
func (s *Server) poll(ctx context.Context, c *call) (cmp.Body, error) {
	ids, err := c.message.Body.PollIDs()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	t := c.transaction
	var polls []cmp.Poll
	var all []cmp.Response
	for _, id := range ids {
		at := slices.IndexFunc(t.Items, func(i item) bool { return i.ID == id.String() })
		if at < 0 || !t.Items[at].Waiting {
			return cmp.Body{}, failure(cmp.BadRequest, "nothing with the certReqId %s is waited for", id)
		}
		out, err := s.config.Authority.Ticket(ctx, t.Items[at].Ticket)
		if err != nil {
			return cmp.Body{}, err
		}
		response, err := s.respond(ctx, c, &t.Items[at], out)
		if err != nil {
			return cmp.Body{}, err
		}
		t.Items[at].handOver(c, &response)
		if t.Items[at].Waiting {
			polls = append(polls, cmp.Poll{ID: id, CheckAfter: int(s.config.CheckAfter / time.Second), Reason: words(out.Ticket)})
			continue
		}
		all = append(all, response)
	}
	if len(polls) > 0 {
		return cmp.NewPolls(polls...), nil
	}
	if len(all) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "the pollReq asks about nothing")
	}
	return s.enrolled(c, true, all...), nil
}
