package publish

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// object is something to serve, with what caches need to know.
type object struct {
	kind     string        // media type
	tag      string        // entity tag, with its quotes
	modified time.Time     // zero where that is not certain to the second
	fresh    bool          // another may have been here in the second of modified
	ends     time.Time     // when it is out of date; zero where it does not end
	keep     time.Duration // how long caches may keep it
	rules    string        // more of Cache-Control
}

// head writes the headers of an object, and answers requests whose conditions
// say that the client has it already (RFC 9110, Section 13).
func (o *object) head(w http.ResponseWriter, r *http.Request) (done bool) {
	h := w.Header()
	h.Set("Content-Type", o.kind)
	h.Set("Etag", o.tag)
	if !o.modified.IsZero() {
		h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	}
	h.Set("Cache-Control", fmt.Sprintf("max-age=%d, public%s", max(0, int(o.keep/time.Second)), o.rules))
	if !o.ends.IsZero() {
		h.Set("Expires", o.ends.UTC().Format(http.TimeFormat))
	}
	if !o.had(r) {
		return false
	}
	h.Del("Content-Type")
	w.WriteHeader(http.StatusNotModified)
	return true
}

// had reports whether a client has the object. A date says so if it is the
// object's own: one that is later tells when the client asked, and it may have got
// what was here before.
func (o *object) had(r *http.Request) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		for tag := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == "*" || tag == o.tag {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !o.fresh && !o.modified.IsZero() && o.modified.Truncate(time.Second).Equal(since)
}

// settled is how long ago something must have been made that is told apart by
// that second: until then another of the same second may take its place (RFC
// 9110, Section 8.8.2.2). What others make is known after a moment.
func (s *Server) settled(made time.Time) time.Time {
	if s.now().Sub(made) < 2*time.Second+s.config.Fresh {
		return time.Time{}
	}
	return made
}

// serve answers with the object, or the part of it that is asked for. A part
// is of the same object by its entity tag alone.
func (o *object) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
