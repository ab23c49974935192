package restsrv

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/client"
)

type asked = huma.Context // under another name than its method

// answering gives one status to what is not as described: 400. The status 422,
// which the library has for that, is for requests that are refused.
type answering struct {
	asked
	mistaken bool
}

// Unwrap is for humago.Unwrap.
func (c *answering) Unwrap() huma.Context { return c.asked }

// SetStatus writes the head of the answer.
func (c *answering) SetStatus(status int) {
	if c.mistaken && status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	c.asked.SetStatus(status)
}

// ownProblem gives errors that were found before a handler was reached the
// form that all errors have.
func ownProblem(ctx huma.Context, _ string, v any) (any, error) {
	found, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := found.Status
	if c, ok := ctx.(*answering); ok && status == http.StatusUnprocessableEntity {
		c.mistaken, status = true, http.StatusBadRequest
	}
	p := &client.Problem{Title: http.StatusText(status), Status: status, Code: client.CodeUsage, Detail: found.Detail, Fix: "see /openapi.json for what is expected"}
	switch found.Status {
	case http.StatusRequestEntityTooLarge:
		return tooLarge().Problem, nil
	case http.StatusRequestTimeout:
		p.Code, p.Detail, p.Fix = client.CodeUsage, "the body did not come in time", "send it again"
	case http.StatusInternalServerError:
		p.Code, p.Detail = client.CodeTooLarge, "the body could not be read, or is too large"
	}
	var details []string
	for _, e := range found.Errors {
		_, field, nested := strings.Cut(e.Location, ".")
		if strings.Contains(e.Message, "RFC 3339 date-time") || strings.Contains(e.Message, "invalid date/time") {
			told := notATime(field).Problem
			told.Status, told.Title = status, http.StatusText(status)
			return told, nil
		}
		detail := e.Message // the value is not told: it may be a secret
		switch {
		case nested:
			detail = field + ": " + detail
		case strings.HasPrefix(detail, `the field "`):
			field, _, _ = strings.Cut(strings.TrimPrefix(detail, `the field "`), `" `)
		}
		details = append(details, detail)
		if p.Field == "" {
			p.Field = field
		}
	}
	if len(details) > 0 {
		p.Detail = "this is not what is expected: " + strings.Join(details, "; ")
	}
	return p, nil
}
