package systemd

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotifierTellsTheServiceManager(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	env := map[string]string{"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}
	n := New(func(k string) string { return env[k] }, 7)
	if n.Watchdog() != 30*time.Second {
		t.Errorf("the watchdog wants %v", n.Watchdog())
	}
	for _, step := range []struct {
		send func() error
		want string
	}{
		{func() error { return n.Ready("up\nand well") }, "READY=1\nSTATUS=up and well"},
		{n.Reloading, "RELOADING=1"},
		{n.Alive, "WATCHDOG=1"},
		{n.Stopping, "STOPPING=1"},
	} {
		if err := step.send(); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 512)
		size, err := socket.Read(buffer)
		if err != nil || !strings.HasPrefix(string(buffer[:size]), step.want) {
			t.Errorf("got %q, %v, want %q", buffer[:size], err, step.want)
		}
	}
}

func TestNotifierWithoutServiceManager(t *testing.T) {
	env := map[string]string{"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}
	n := New(func(k string) string { return env[k] }, 7)
	if n.Watchdog() != 0 {
		t.Error("the watchdog of another process is fed")
	}
	if err := n.Ready(""); err != nil {
		t.Error(err)
	}
	lost := New(func(string) string { return filepath.Join(t.TempDir(), "nobody") }, 7)
	if err := lost.Alive(); err == nil || !strings.HasPrefix(err.Error(), "telling the service manager: ") {
		t.Error(err)
	}
}

func TestServiceManagerThatDoesNotRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	n := Notifier{socket: name}
	for range 100_000 {
		if err = n.Alive(); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("the server waits for it: %v", err)
	}
}
