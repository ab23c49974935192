package main

import (
	"encoding/json"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serving lets sessions wait for servers that they start in the background: it
// is the service manager, which servers tell how they are.
type serving struct {
	mutex   sync.Mutex
	sockets map[*testscript.TestScript]*net.UnixConn
}

// notify makes the socket that servers of this session report to.
func (s *serving) notify(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: notify")
	}
	name := ts.MkAbs("notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	ts.Check(err)
	ts.Setenv("NOTIFY_SOCKET", name)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sockets[ts] = socket
	ts.Defer(func() { socket.Close() })
}

// await waits until a server reports a state. Where that is READY and a file
// is named, it puts what the server wrote there into URL, PLAIN and PID: await
// STATE [FILE].
func (s *serving) await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await STATE [FILE]")
	}
	s.mutex.Lock()
	socket := s.sockets[ts]
	s.mutex.Unlock()
	// Only a server that is broken takes so long.
	ts.Check(socket.SetReadDeadline(time.Now().Add(2 * time.Minute)))
	buffer := make([]byte, 4096)
	for {
		n, err := socket.Read(buffer)
		ts.Check(err)
		if strings.HasPrefix(string(buffer[:n]), args[0]+"=1") {
			break
		}
	}
	if len(args) < 2 {
		return
	}
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	var told struct {
		URL, PlainURL string
		Process       int
	}
	ts.Check(json.Unmarshal(text, &told))
	ts.Setenv("URL", told.URL)
	ts.Setenv("PLAIN", told.PlainURL)
	ts.Setenv("PID", strconv.Itoa(told.Process))
}
