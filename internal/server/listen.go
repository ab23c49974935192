package server

import (
	"container/list"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"

	"github.com/certwright/certwright/internal/config"
)

// ListenError says which address cannot be listened on.
type ListenError struct {
	Address string
	Err     error
}

// Error returns the cause.
func (e *ListenError) Error() string {
	cause := e.Err
	var system syscall.Errno
	var op *net.OpError
	switch {
	case errors.As(e.Err, &system):
		cause = system
	case errors.As(e.Err, &op):
		cause = op.Err
	}
	return fmt.Sprintf("cannot listen on %s: %v", e.Address, cause)
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// listen opens the listener of an address.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &ListenError{Address: address, Err: err}
	}
	return l, nil
}

// addressOf is where clients reach a listener that was asked for by this
// address: the host it names, or host where it names none.
func addressOf(scheme, asked string, l net.Listener, host string) string {
	port := portOf(l)
	named, _, _ := net.SplitHostPort(asked)
	if ip := net.ParseIP(named); named == "" || ip != nil && ip.IsUnspecified() {
		named = host
	}
	if scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		if net.ParseIP(named) != nil && net.ParseIP(named).To4() == nil {
			named = "[" + named + "]"
		}
		return (&url.URL{Scheme: scheme, Host: named}).String()
	}
	return (&url.URL{Scheme: scheme, Host: net.JoinHostPort(named, strconv.Itoa(port))}).String()
}

func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// newHTTP makes the server of one listener, which slow and idle clients cannot
// keep from serving others.
func newHTTP(h http.Handler, l config.Limits, c *crowd) *http.Server {
	return &http.Server{
		Handler:           h,
		MaxHeaderBytes:    int(l.Header),
		ReadHeaderTimeout: duration(l.HeaderTimeout),
		ReadTimeout:       duration(l.ReadTimeout),
		WriteTimeout:      duration(l.WriteTimeout),
		IdleTimeout:       duration(l.IdleTimeout),
		ConnState:         c.note,
	}
}

// crowd counts the connections of all listeners. Where there are more than it
// lets in, it closes those that are idle longest, so that waiting clients
// cannot keep working ones out.
type crowd struct {
	most int

	mutex sync.Mutex
	all   map[net.Conn]*list.Element // an element while idle, else nil
	idle  *list.List                 // of net.Conn, the one idle longest first
	shed  int64                      // how many were closed for others
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, all: map[net.Conn]*list.Element{}, idle: list.New()}
}

// note follows a connection from state to state.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if e := c.all[conn]; e != nil {
		c.idle.Remove(e)
	}
	switch state {
	case http.StateNew, http.StateIdle:
		c.all[conn] = c.idle.PushBack(conn)
	case http.StateActive:
		c.all[conn] = nil
	default:
		delete(c.all, conn)
		return
	}
	if state == http.StateNew && len(c.all) > c.most {
		c.makeRoom()
	}
}

// admit changes how many connections are let in. More than that which are there
// already stay.
func (c *crowd) admit(most int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.most = most
}

// makeRoom closes the connection that is idle longest; the newest is idle.
func (c *crowd) makeRoom() {
	first := c.idle.Front()
	conn := c.idle.Remove(first).(net.Conn)
	delete(c.all, conn)
	c.shed++
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn() // no farewell: it could wait for the client
	}
	conn.Close()
}

// count returns how many connections there are, how many of them are idle, and
// how many were closed for others.
func (c *crowd) count() (all, idle int, shed int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.all), c.idle.Len(), c.shed
}
