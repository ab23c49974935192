package load

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is an authority at work.
type process struct {
	url   string // of its HTTPS listener, without a slash at the end
	roots *x509.CertPool

	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts a program in a folder. Its log goes to a file, as it would in
// production.
func start(folder, program string, args ...string) (*process, error) {
	log, err := os.Create(folder + "/log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = folder, log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	return p, nil
}

// await waits until the process listens and shows a certificate.
func (p *process) await() error {
	for range 400 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), &tls.Config{RootCAs: p.roots})
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return p.died()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not answer at %s", p.cmd.Path, p.url)
}

func (p *process) died() error {
	text, err := os.ReadFile(p.cmd.Dir + "/log")
	return errors.Join(fmt.Errorf("%s ended: %s", p.cmd.Path, bytes.TrimSpace(text[max(0, len(text)-2000):])), err)
}

// Stop ends the process.
func (p *process) Stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
}

// Memory is what the process holds in memory, now and at most, in MiB; 0 where
// the system does not tell it.
func (p *process) Memory() (now, most float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kilobytes / 1024
		case "VmHWM":
			most = kilobytes / 1024
		}
	}
	return now, most
}

// freePort finds a port that nothing listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// rootsOf reads the roots in a file.
func rootsOf(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it", file)
	}
	return pool, nil
}
