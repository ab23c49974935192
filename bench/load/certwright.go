package load

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Server is a Certwright server.
type Server struct {
	*process
	token string
}

// StartServer starts a server in an empty home in a folder, with the settings
// that it has by itself, save what lets ACME find the hosts of this test.
func StartServer(folder, program string, internet *Internet) (*Server, error) {
	home, ready := filepath.Join(folder, "home"), filepath.Join(folder, "ready.json")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("acme:\n  http-port: %d\n  resolvers: [%q]\n  allow-networks: [127.0.0.0/8]\n", internet.port, internet.resolver)
	if err := os.WriteFile(filepath.Join(home, "config.yaml"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	p, err := start(folder, program, "serve", "--home", home, "--listen", "127.0.0.1:0", "--plain-listen", "127.0.0.1:0", "--ready-file", ready)
	if err != nil {
		return nil, err
	}
	s := &Server{process: p}
	if err := s.learn(home, ready); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// learn reads what the server says when it is ready.
func (s *Server) learn(home, ready string) error {
	for range 400 {
		text, err := os.ReadFile(ready)
		var told struct{ URL string }
		if err == nil && json.Unmarshal(text, &told) == nil {
			token, err := os.ReadFile(filepath.Join(home, "first-token"))
			if err != nil {
				return err
			}
			s.url, s.token = told.URL, strings.TrimSpace(string(token))
			s.roots, err = rootsOf(filepath.Join(home, "root.crt"))
			return err
		}
		select {
		case <-s.ended:
			return s.died()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not become ready", s.cmd.Path)
}
