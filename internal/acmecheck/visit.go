package acmecheck

import (
	"fmt"
	"net"
	"net/http/httptrace"
)

// visit is where a check by HTTP came to. Whoever asks for the check chooses
// that, so what is found at a place they might not reach themselves is not told
// to them (RFC 8555, Section 10.4).
type visit struct {
	private    bool // an address that is asked only as the operator allows its network
	redirected bool
}

// connected notes what was connected to.
func (v *visit) connected(info httptrace.GotConnInfo) {
	if to, ok := info.Conn.RemoteAddr().(*net.TCPAddr); !ok || !isPublic(to.AddrPort().Addr()) {
		v.private = true
	}
}

// told is what can be told of an answer.
func (v *visit) told(body []byte) string {
	if v.private || v.redirected {
		return fmt.Sprintf("%d octets", len(body))
	}
	return excerpt(string(body))
}
