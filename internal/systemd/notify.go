// Package systemd tells the service manager how the server is, as
// sd_notify(3) describes.
package systemd

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier sends states to the service manager; the zero value sends none.
type Notifier struct {
	socket   string
	watchdog time.Duration
}

// New finds the service manager by the environment: NOTIFY_SOCKET, and
// WATCHDOG_USEC where it watches. pid is this process's, to which WATCHDOG_PID
// may restrict it.
func New(getenv func(string) string, pid int) Notifier {
	n := Notifier{socket: getenv("NOTIFY_SOCKET")}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if of := getenv("WATCHDOG_PID"); err == nil && usec > 0 && (of == "" || of == strconv.Itoa(pid)) {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Watchdog is how often the service manager wants to hear that all is well,
// at least; 0: it does not.
func (n Notifier) Watchdog() time.Duration { return n.watchdog }

// Ready says that the server serves.
func (n Notifier) Ready(status string) error { return n.send("READY=1", "STATUS="+oneLine(status)) }

// Reloading says that the configuration is being read again; Ready ends it.
func (n Notifier) Reloading() error {
	lines := []string{"RELOADING=1"}
	if at, ok := monotonic(); ok {
		lines = append(lines, fmt.Sprintf("MONOTONIC_USEC=%d", at.Microseconds()))
	}
	return n.send(lines...)
}

// Stopping says that the server is ending.
func (n Notifier) Stopping() error { return n.send("STOPPING=1") }

// Alive feeds the watchdog.
func (n Notifier) Alive() error { return n.send("WATCHDOG=1") }

func (n Notifier) send(lines ...string) error {
	if n.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	if _, err := conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	return nil
}

// patience is how long a service manager may take to read: one that does not
// must not keep the server from stopping.
const patience = 2 * time.Second

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
