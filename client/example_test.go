package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/certwright/certwright/client"
)

// Obtain asks for a certificate, and waits for the officer where one decides. Sent
// again with the same key it goes on where it was.
func Obtain(ctx context.Context, c *client.Client, csr, idempotencyKey string) (chain string, err error) {
	out, err := c.Submit(ctx, client.Submission{Request: csr, Profile: "server"}, client.WithKey(idempotencyKey))
	var p *client.Problem
	switch {
	case errors.As(err, &p): // p.Code and p.Reason are stable, p.Detail and p.Fix are for people
		return "", fmt.Errorf("not issued (%s %s): %w", p.Code, p.Reason, err)
	case err != nil: // the server was not reached, or something else answered
		return "", err
	case out.State == client.Issued:
		return out.PEM, nil // what a TLS server needs besides its key
	}
	for {
		wait := time.Minute
		r, err := c.Request(ctx, out.Ticket)
		switch {
		case errors.As(err, &p) && p.RetryAfter > 0: // not now
			wait = p.RetryAfter
		case err != nil:
			return "", err
		case r.State == client.Issued:
			pem, err := c.Fetch(ctx, r.CA, r.Serial, client.FormChain)
			return string(pem), err
		case r.State != client.Held: // asked, unconfirmed, refused or withdrawn: for a person to look at
			return "", fmt.Errorf("ticket %s is %s", r.Ticket, r.State)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(wait):
		}
	}
}

func Example() {
	s := httptest.NewServer(http.HandlerFunc(answer)) // stands for https://ca.example:8443
	defer s.Close()
	c, err := client.New(client.Config{URL: s.URL, Token: "token"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []string{"shop-1", "shop-2", "shop-3"} {
		fmt.Println(Obtain(context.Background(), c, "-----BEGIN CERTIFICATE REQUEST-----…", key))
	}
	// Output:
	// PEM of an issued one <nil>
	// PEM of a held one, later <nil>
	//  ticket T3 is withdrawn
}

// answer is a server that issues at once, or holds a request first, or had it
// withdrawn.
func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + r.URL.Path + r.Header.Get("Idempotency-Key") {
	case "POST/api/v1/requestsshop-1":
		fmt.Fprint(w, `{"state":"issued","ticket":"T1","pem":"PEM of an issued one"}`)
	case "POST/api/v1/requestsshop-2":
		fmt.Fprint(w, `{"state":"held","ticket":"T2"}`)
	case "POST/api/v1/requestsshop-3":
		fmt.Fprint(w, `{"state":"withdrawn","ticket":"T3","repeated":true}`)
	case "GET/api/v1/requests/T2":
		fmt.Fprint(w, `{"state":"issued","ticket":"T2","ca":"issuing","serial":"02"}`)
	case "GET/api/v1/requests/T3":
		fmt.Fprint(w, `{"state":"withdrawn","ticket":"T3"}`)
	case "GET/api/v1/certificates/02/chain":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		fmt.Fprint(w, "PEM of a held one, later")
	}
}
