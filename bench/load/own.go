package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// startOwn starts a certwright server in an empty home, and returns what ends
// it and prints what memory it took.
func startOwn(ctx context.Context, s *settings) (stop func(), err error) {
	folder, err := os.MkdirTemp("", "certwright-load-")
	if err != nil {
		return nil, err
	}
	home, ready := filepath.Join(folder, "home"), filepath.Join(folder, "ready.json")
	c := exec.CommandContext(ctx, s.certwright, "serve", "--home", home, "--listen", "127.0.0.1:0", "--plain-listen", "off", "--ready-file", ready)
	c.Stdout = os.Stderr
	c.Env = append(os.Environ(), "CERTWRIGHT_LOG_LEVEL=warn")
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	stop = func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
			fmt.Printf("server: %d MiB resident at most, %.1f s of processor time\n", u.Maxrss>>10, c.ProcessState.UserTime().Seconds()+c.ProcessState.SystemTime().Seconds())
		}
		os.RemoveAll(folder)
	}
	for range 300 {
		text, err := os.ReadFile(ready)
		var told struct{ URL string }
		if err == nil && json.Unmarshal(text, &told) == nil {
			s.url, s.root, s.token = told.URL, filepath.Join(home, "root.crt"), filepath.Join(home, "first-token")
			return stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, errors.New("the server does not become ready")
}
