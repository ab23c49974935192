package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook posts messages, signed as Standard Webhooks 1.0 says: the header
// webhook-signature is "v1," and the HMAC-SHA256 of "ID.TIMESTAMP.BODY" in
// base64.
type Webhook struct {
	URL    string
	Secret func() ([]byte, error) // "whsec_" and base64, or any text
	Client *http.Client
	Now    func() time.Time
}

// Send posts one message. Any answer but 2xx is an error.
func (w *Webhook) Send(ctx context.Context, m *Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	secret, err := w.Secret()
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the address of the webhook: %w", err)
	}
	at := strconv.FormatInt(w.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "certwright")
	r.Header.Set("Webhook-Id", m.ID)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", Sign(secret, m.ID, at, body))
	answer, err := w.Client.Do(r)
	if err != nil {
		return fmt.Errorf("posting: %w", withoutAddress(err))
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection serves again
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("posting: the answer is %s", answer.Status)
	}
	return nil
}

// withoutAddress takes the address out of an error: chat programs put secrets
// there.
func withoutAddress(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// Sign returns the value of the header webhook-signature.
func Sign(secret []byte, id, timestamp string, body []byte) string {
	if encoded, ok := strings.CutPrefix(string(secret), "whsec_"); ok {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			secret = decoded
		}
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
