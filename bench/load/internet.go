package load

import (
	"errors"
	"net"
	"net/http"
	"path"
	"sync"

	"github.com/miekg/dns"
)

// Internet is what an authority looks at for http-01: every host is on this
// machine, and its web server answers challenges.
type Internet struct {
	resolver string // HOST:PORT
	port     int    // of the web server
	answers  sync.Map
	names    *dns.Server
	web      *http.Server
}

// StartInternet starts the resolver and the web server.
func StartInternet() (*Internet, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	i := &Internet{resolver: conn.LocalAddr().String(), port: l.Addr().(*net.TCPAddr).Port}
	i.names = &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(resolve)}
	i.web = &http.Server{Handler: http.HandlerFunc(i.serve)}
	go i.names.ActivateAndServe()
	go i.web.Serve(l)
	return i, nil
}

// Stop ends both.
func (i *Internet) Stop() error { return errors.Join(i.names.Shutdown(), i.web.Close()) }

// resolve answers with the address of this machine.
func resolve(w dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(question)
	if q := question.Question[0]; q.Qtype == dns.TypeA {
		answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: loopback()}}
	}
	w.WriteMsg(answer)
}

// put has the web server answer a challenge.
func (i *Internet) put(token, keyAuthorization string) { i.answers.Store(token, keyAuthorization) }

func (i *Internet) serve(w http.ResponseWriter, r *http.Request) {
	text, ok := i.answers.LoadAndDelete(path.Base(r.URL.Path))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Write([]byte(text.(string)))
}
