package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/certwright/certwright/format/cert"
)

// askers are clients that ask at once. They share one thread and wait for all
// answers in one place, since what they cost is taken from the processors that
// the responder has.
type askers struct {
	poll    int // of epoll
	address unix.SockaddrInet4
	issuer  *cert.Certificate
	clients []*ocspClient
	buffer  [1 << 14]byte
	count   int // of answers
}

// noConn says that a client has no connection.
const noConn = -1

// checkedOCSP is how many answers are taken for each that is checked.
const checkedOCSP = 101

// askAll has clients ask for a while, and returns the answers a second. A
// client has one question under way, and keeps its connection where it may.
func askAll(clients []*ocspClient, host string, issuer *cert.Certificate, span time.Duration) (rate float64, err error) {
	at, err := netip.ParseAddrPort(host)
	if err != nil {
		return 0, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	a := &askers{address: unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}, issuer: issuer, clients: clients}
	if a.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return 0, fmt.Errorf("epoll_create: %w", err)
	}
	defer func() { err = errors.Join(err, a.close()) }()
	for _, c := range clients {
		c.conn = noConn
	}
	began := time.Now()
	for i := range clients {
		if err := a.ask(i); err != nil {
			return 0, err
		}
	}
	for time.Since(began) < span {
		if err := a.takeAnswers(); err != nil {
			return 0, err
		}
	}
	return float64(a.count) / time.Since(began).Seconds(), nil
}

func (a *askers) close() error {
	for _, c := range a.clients {
		c.hangUp()
	}
	return unix.Close(a.poll)
}

// ask sends the next question of a client.
func (a *askers) ask(i int) error {
	c := a.clients[i]
	if c.conn == noConn {
		if err := a.connect(i); err != nil {
			return err
		}
	}
	c.in = c.in[:0]
	question := c.sent[c.asked%len(c.sent)]
	if n, err := unix.Write(c.conn, question); err != nil || n < len(question) {
		return fmt.Errorf("sending a question, of which %d octets went: %w", n, err)
	}
	return nil
}

// connect makes a connection, which takes no time here.
func (a *askers) connect(i int) error {
	conn, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	a.clients[i].conn = conn
	if err := unix.Connect(conn, &a.address); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := unix.EpollCtl(a.poll, unix.EPOLL_CTL_ADD, conn, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// takeAnswers waits until there is something to read, and has every client
// whose answer is complete ask its next question.
func (a *askers) takeAnswers() error {
	var events [ocspClients]unix.EpollEvent
	n, err := unix.EpollWait(a.poll, events[:], int(time.Second/time.Millisecond))
	switch {
	case errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("epoll_wait: %w", err)
	case n == 0:
		return errors.New("there was no answer for a second")
	}
	for _, e := range events[:n] {
		if err := a.takeAnswer(int(e.Fd)); err != nil {
			return err
		}
	}
	return nil
}

func (a *askers) takeAnswer(i int) error {
	c := a.clients[i]
	n, err := unix.Read(c.conn, a.buffer[:])
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if n == 0 {
		return io.ErrUnexpectedEOF
	}
	c.in = append(c.in, a.buffer[:n]...)
	body, last, ok, err := c.answered()
	if err != nil || !ok {
		return err
	}
	if a.count%checkedOCSP == 0 {
		if err := c.questions[c.asked%len(c.questions)].check(body, a.issuer); err != nil {
			return err
		}
	}
	a.count++
	c.asked++
	if last {
		c.hangUp()
	}
	return a.ask(i)
}

// hangUp ends the connection of a client.
func (c *ocspClient) hangUp() {
	if c.conn != noConn {
		unix.Close(c.conn)
	}
	c.conn = noConn
}
