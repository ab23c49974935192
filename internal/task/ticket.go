package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// TicketView is what an officer looks at before deciding.
type TicketView struct {
	Ticket  *authority.Ticket
	Request *request.Request // nil where the record cannot be read
	Check   Check            // of an open ticket as it would be judged now, else as it was
	Planned *issuance.Planned
	Refusal *request.Refusal // why an approval would be in vain now
}

// ViewTicket reads a ticket, and judges an open one as an approval would.
func ViewTicket(ctx context.Context, o *Office, t *authority.Ticket) (TicketView, error) {
	return ViewTicketAt(ctx, o, t, o.Now())
}

// ViewTicketAt is ViewTicket as if it were another time.
func ViewTicketAt(ctx context.Context, o *Office, t *authority.Ticket, at time.Time) (TicketView, error) {
	v := TicketView{Ticket: t, Check: Check{Profile: t.Profile, Findings: FindingsOf(t), Changes: ChangesOf(t)}}
	if requests, err := request.Parse(t.Request); err == nil && len(requests) == 1 {
		v.Request = requests[0]
	}
	if t.State != authority.StateHeld && t.State != authority.StateAsked {
		return v, nil
	}
	j, err := o.Authority.PreviewAt(ctx, t.ID, at)
	if errors.As(err, &v.Refusal) {
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf("judging ticket %s: %w", t.ID, err)
	}
	v.Check, v.Refusal = checkOf(j, t.Profile), j.Refusal()
	if planned := j.Planned(); v.Refusal == nil && planned.PublicKey != "" {
		v.Planned = &planned
	}
	return v, nil
}
