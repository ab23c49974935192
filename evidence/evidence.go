// Package evidence holds what is known of a request besides its content:
// whether the sender holds the key, who the sender is, and what was shown to
// be under the sender's control. Possession is verified here and nowhere else.
package evidence

import (
	"time"

	"github.com/certwright/certwright/request"
)

// Possession is the verdict on the proof of possession.
type Possession struct {
	Proven    bool   `json:"proven"`
	Method    string `json:"method"`           // "pkcs10-signature" …
	Algorithm string `json:"algorithm"`        // as SignatureAlgorithm.Name
	Detail    string `json:"detail,omitempty"` // why it is not proven
	Broken    string `json:"broken,omitempty"` // why the algorithm proves nothing today
}

// Origin is who sent a request, as the front door knows it.
type Origin struct {
	Door      string `json:"door"`                // "cli", "rest", "acme" …
	Requester string `json:"requester,omitempty"` // the name the door vouches for
	Method    string `json:"method,omitempty"`    // "local-user", "mtls", "token" …
	Address   string `json:"address,omitempty"`
}

// Control is one thing shown to be under the sender's control.
type Control struct {
	Name   string    `json:"name"`   // "dns:a.example"
	Method string    `json:"method"` // "http-01" …
	At     time.Time `json:"at"`
}

// Evidence is everything that judging looks at besides the request itself.
type Evidence struct {
	Possession Possession `json:"possession"`
	Origin     Origin     `json:"origin"`
	Controls   []Control  `json:"controls,omitempty"`
}

// Of gathers the evidence for a request, verifying possession itself.
func Of(r *request.Request, o Origin, controls []Control) Evidence {
	return Evidence{Possession: possession(r), Origin: o, Controls: controls}
}
