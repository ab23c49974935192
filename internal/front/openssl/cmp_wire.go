package openssl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/certwright/certwright/protocol/cmp"
)

// wire carries messages: to the server, or from and to files.
type wire struct {
	*managing
	server    *place // nil where none was given
	proxy     string
	keepAlive int
	transport *http.Transport
	http      *http.Client

	reqin, reqout, rspin, rspout []string // files that are left

	kind      cmp.BodyKind // of what is sent
	polling   bool
	rspinUsed bool
	recorded  bool // the last answer is to a message of another time, or was one
}

// described names the server, for people.
func (w *wire) described() string {
	if w.server == nil {
		return "no server"
	}
	out := w.url()
	if w.proxy != "" {
		out += " via " + w.proxy
	}
	return out
}

func (w *wire) url() string {
	return w.server.scheme() + "://" + w.server.address() + "/" + w.server.path
}

// shout writes the name of a body in capitals, as the log has it.
func shout(k cmp.BodyKind) string { return strings.ToUpper(k.String()) }

// Exchange carries a message and its answer, and tells of both.
func (w *wire) Exchange(ctx context.Context, message []byte) ([]byte, error) {
	sent, err := cmp.Parse(message)
	if err != nil {
		return nil, err
	}
	w.kind = sent.Body.Kind
	polls := w.kind == cmp.PollRequest
	if polls && !w.polling {
		w.tell(levelInfo, "received 'waiting' PKIStatus, starting to poll for response")
	}
	w.polling = polls
	w.tell(levelInfo, "sending %s", shout(w.kind))
	raw, err := w.carry(ctx, sent)
	if err != nil {
		return nil, w.lost(ctx, err)
	}
	answer, err := cmp.Parse(raw)
	if err != nil {
		return nil, w.lost(ctx, err)
	}
	got := answer.Body.Kind
	w.tell(levelInfo, "received %s", shout(got))
	if got != cmp.PollResponse && got != cmp.Confirmation {
		w.last = answer
	}
	if polls && slices.Contains([]cmp.BodyKind{cmp.InitializationResponse, cmp.CertificationResponse, cmp.KeyUpdateResponse}, got) {
		w.tell(levelInfo, "received ip/cp/kup after polling")
	}
	return raw, nil
}

// lost is the error of a message that was not answered.
func (w *wire) lost(ctx context.Context, err error) error {
	var told complaint
	var lines trouble
	if !errors.As(err, &told) {
		lines = append(lines, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	word := "transfer error"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		lines, word = nil, "total timeout"
	}
	return append(lines, fmt.Sprintf("%s:request sent: %s, expected response: %s", word, shout(w.kind), shout(w.kind.Response())))
}

// trouble is an error in the words of OpenSSL, a line each.
type trouble []string

func (t trouble) Error() string { return strings.Join(t, "; ") }

// carry does what the options say about files, and asks the server otherwise.
func (w *wire) carry(ctx context.Context, sent *cmp.Message) ([]byte, error) {
	if err := w.save(&w.reqout, sent.Raw); err != nil {
		return nil, err
	}
	if len(w.rspin) > 0 {
		raw, err := w.load("actually using", &w.rspin)
		w.rspinUsed, w.recorded = true, true
		if err != nil {
			return nil, err
		}
		return raw, w.save(&w.rspout, raw)
	}
	message := sent.Raw
	w.recorded = len(w.reqin) > 0
	if w.recorded {
		var err error
		if message, err = w.replay(sent); err != nil {
			return nil, err
		}
	}
	if w.server == nil {
		return nil, w.fail("missing -server or -use_mock_srv option, or too few -rspin filename arguments")
	}
	if w.rspinUsed {
		w.warn("too few -rspin filename arguments; resorting to contacting server")
		w.rspinUsed = false
	}
	raw, err := cmp.HTTP{URL: w.url(), Client: w.http}.Exchange(ctx, message)
	if err != nil {
		return nil, err
	}
	return raw, w.save(&w.rspout, raw)
}

// replay takes the next message of -reqin in place of the one that was made;
// what must fit the transaction is changed, and protected anew.
func (w *wire) replay(made *cmp.Message) ([]byte, error) {
	raw, err := w.load("actually sending", &w.reqin)
	if err != nil {
		return nil, err
	}
	recorded, err := cmp.Parse(raw)
	if err != nil {
		return nil, err
	}
	h, changed := recorded.Header, false
	if w.has("reqin_new_tid") {
		h.TransactionID, changed = made.Header.TransactionID, true
	}
	if made.Header.RecipientNonce != nil {
		h.RecipientNonce, changed = made.Header.RecipientNonce, true
	}
	if !changed {
		return raw, nil
	}
	again, err := cmp.Build(h, recorded.Body, w.client.Protector, w.client.ExtraCerts...)
	if err != nil {
		return nil, err
	}
	return again.Raw, nil
}

// load reads the next of several files.
func (w *wire) load(what string, files *[]string) ([]byte, error) {
	name := (*files)[0]
	*files = (*files)[1:]
	data, err := os.ReadFile(w.path(name))
	if err == nil {
		_, err = cmp.Parse(data)
	}
	if err != nil {
		return nil, w.fail("cannot read PKIMessage from file '%s'", name)
	}
	w.tell(levelInfo, "%s %s", what, name)
	return data, nil
}

// save writes to the next of several files, if one is left.
func (w *wire) save(files *[]string, data []byte) error {
	if len(*files) == 0 {
		return nil
	}
	name := (*files)[0]
	*files = (*files)[1:]
	if err := w.writeFile(name, data, false); err != nil {
		w.report(err)
		return w.fail("cannot write PKIMessage to file '%s'", name)
	}
	return nil
}

// proxyURL is the proxy as net/http wants it; nil for none.
func (w *wire) proxyURL() (*url.URL, error) {
	if w.proxy == "" {
		return nil, nil
	}
	p, ok := parsePlace(w.proxy)
	if !ok {
		return nil, fmt.Errorf("the proxy %q is not [http[s]://]HOST[:PORT]", w.proxy)
	}
	return &url.URL{Scheme: p.scheme(), Host: p.address()}, nil
}

// RoundTrip asks for a lasting connection where more messages may follow.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	goesOn := w.kind == cmp.InitializationRequest || w.kind == cmp.CertificationRequest || w.kind == cmp.PKCS10Request ||
		w.kind == cmp.KeyUpdateRequest || w.kind == cmp.PollRequest
	r.Close = w.keepAlive == 0 || !goesOn
	response, err := w.transport.RoundTrip(r)
	if err == nil && response.Close && w.keepAlive == 2 && goesOn {
		response.Body.Close()
		return nil, errors.New("the server closes the connection, which -keep_alive 2 does not allow")
	}
	return response, err
}
