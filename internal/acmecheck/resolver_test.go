package acmecheck

import (
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// serve answers DNS queries over UDP and TCP at one address.
func serve(t *testing.T, answer func(out dns.ResponseWriter, query *dns.Msg, tcp bool)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	var packets net.PacketConn
	for range 50 { // the port of one may be taken for the other
		if err != nil {
			break
		}
		if packets, err = net.ListenPacket("udp", listener.Addr().String()); err == nil {
			break
		}
		listener.Close()
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if packets == nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { packets.Close(); listener.Close() })
	for _, server := range []*dns.Server{{PacketConn: packets}, {Listener: listener}} {
		tcp := server.Listener != nil
		server.Handler = dns.HandlerFunc(func(out dns.ResponseWriter, query *dns.Msg) { answer(out, query, tcp) })
		go server.ActivateAndServe()
	}
	return packets.LocalAddr().String()
}

func reply(t *testing.T, query *dns.Msg, texts ...string) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(query)
	for _, text := range texts {
		record, err := dns.NewRR(query.Question[0].Name + " 60 IN TXT " + text)
		if err != nil {
			t.Error(err)
		}
		m.Answer = append(m.Answer, record)
	}
	return m
}

// TestLostDatagrams has the first query of each kind vanish.
func TestLostDatagrams(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(out dns.ResponseWriter, query *dns.Msg, _ bool) {
		if asked.Add(1) > 1 {
			out.WriteMsg(reply(t, query, "here"))
		}
	})
	r := &resolver{servers: []string{server}}
	texts, err := r.texts(t.Context(), "a.test")
	if err != nil || len(texts) != 1 || texts[0] != "here" || asked.Load() < 2 {
		t.Errorf("%q, %v, asked %d times", texts, err, asked.Load())
	}
}

// TestOtherResolvers has the first resolver say nothing, or that it fails.
func TestOtherResolvers(t *testing.T) {
	for _, silent := range []bool{true, false} {
		var asked atomic.Int32
		first := serve(t, func(out dns.ResponseWriter, query *dns.Msg, _ bool) {
			asked.Add(1)
			if !silent {
				m := reply(t, query)
				m.Rcode = dns.RcodeServerFailure
				out.WriteMsg(m)
			}
		})
		second := serve(t, func(out dns.ResponseWriter, query *dns.Msg, _ bool) { out.WriteMsg(reply(t, query, "here")) })
		texts, err := (&resolver{servers: []string{first, second}}).texts(t.Context(), "a.test")
		if err != nil || len(texts) != 1 || asked.Load() < 1 {
			t.Errorf("silent %v: %q, %v, asked %d times", silent, texts, err, asked.Load())
		}
		if silent {
			continue
		}
		_, err = (&resolver{servers: []string{first}}).texts(t.Context(), "a.test")
		if err == nil || !strings.Contains(err.Error(), "the resolver answered SERVFAIL") {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	}
}

// TestLongAnswers are cut short over UDP, and asked for again over TCP.
func TestLongAnswers(t *testing.T) {
	var overTCP atomic.Int32
	server := serve(t, func(out dns.ResponseWriter, query *dns.Msg, tcp bool) {
		m := reply(t, query)
		if m.Truncated = !tcp; tcp {
			overTCP.Add(1)
			var all []string
			for i := range 60 {
				all = append(all, strings.Repeat("x", 100)+strconv.Itoa(i))
			}
			m = reply(t, query, all...)
		}
		out.WriteMsg(m)
	})
	texts, err := (&resolver{servers: []string{server}}).texts(t.Context(), "a.test")
	if err != nil || len(texts) != 60 || overTCP.Load() < 1 {
		t.Errorf("%d texts, %v, over TCP %d", len(texts), err, overTCP.Load())
	}
}
