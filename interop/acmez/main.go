// Command acmez drives an ACME client that is not ours, the library of Caddy,
// where no command line client is packaged that does it: dns-account-01, and
// renewal at the time that the server suggests. For dns-persist-01 it makes
// the record itself, by the draft that the server follows.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
)

type driver struct {
	client  acmez.Client
	account acme.Account
	manage  string // the DNS server's address for those who set records
	names   []string
}

func main() {
	log.SetFlags(0)
	directory := flag.String("directory", "", "`URL` of the server's directory")
	root := flag.String("root", "", "`FILE` of the root to trust")
	manage := flag.String("manage", "", "`ADDRESS` where records are set")
	method := flag.String("method", acme.ChallengeTypeDNSAccount01, "the `CHALLENGE`")
	state := flag.String("key", "account.pem", "`FILE` of the account's key, made where it is not there")
	out := flag.String("out", "cert.pem", "`FILE` for the certificate")
	renew := flag.Bool("renew", false, "renew what is in that file, if it is time")
	flag.Parse()
	d := &driver{manage: *manage, names: flag.Args()}
	if err := d.run(context.Background(), *directory, *root, *method, *state, *out, *renew); err != nil {
		log.Fatal(err)
	}
}

func (d *driver) run(ctx context.Context, directory, root, method, state, out string, renew bool) error {
	if err := d.open(ctx, directory, root, state); err != nil {
		return err
	}
	d.client.ChallengeSolvers = map[string]acmez.Solver{method: d}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	csr, err := acmez.NewCSR(k, d.names)
	if err != nil {
		return err
	}
	order, err := acmez.OrderParametersFromCSR(d.account, csr)
	if err != nil {
		return err
	}
	if renew {
		if order.Replaces, err = d.due(ctx, out); err != nil || order.Replaces == nil {
			return err
		}
	}
	chains, err := d.client.ObtainCertificate(ctx, order)
	if err != nil {
		return err
	}
	return os.WriteFile(out, chains[0].ChainPEM, 0o600)
}

// open makes the client, and its account or finds it.
func (d *driver) open(ctx context.Context, directory, root, state string) error {
	trusted, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trusted)
	d.client.Client = &acme.Client{Directory: directory, HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	k, err := accountKey(state)
	if err != nil {
		return err
	}
	d.account, err = d.client.NewAccount(ctx, acme.Account{PrivateKey: k, TermsOfServiceAgreed: true})
	return err
}

func accountKey(file string) (*ecdsa.PrivateKey, error) {
	if text, err := os.ReadFile(file); err == nil {
		block, _ := pem.Decode(text)
		return x509.ParseECPrivateKey(block.Bytes)
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return nil, err
	}
	return k, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// due returns the certificate in a file if the server says that it is time to
// renew it; else it says when that is.
func (d *driver) due(ctx context.Context, file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	info, err := d.client.GetRenewalInfo(ctx, leaf)
	if err != nil {
		return nil, err
	}
	if time.Now().Before(info.SelectedTime) {
		fmt.Println("not before", info.SelectedTime.UTC().Format(time.RFC3339), "of the window from", info.SuggestedWindow.Start.UTC().Format(time.RFC3339))
		return nil, nil
	}
	fmt.Println("it is time since", info.SelectedTime.UTC().Format(time.RFC3339))
	return leaf, nil
}

// Present sets the TXT record of a challenge.
func (d *driver) Present(ctx context.Context, c acme.Challenge) error {
	name, value := c.DNS01TXTRecordName(), c.DNS01KeyAuthorization()
	switch c.Type {
	case acme.ChallengeTypeDNSAccount01:
		name = c.DNSAccount01TXTRecordName(d.account)
	case acme.ChallengeTypeDNSPersist01:
		accounts, err := d.hashed(ctx, c.Identifier.Value)
		if err != nil {
			return err
		}
		name, value = c.DNSPersist01TXTRecordName(), "ca.test; accounturi="+accounts
	}
	body, err := json.Marshal(map[string]string{"host": name + ".", "value": value})
	if err != nil {
		return err
	}
	answer, err := http.Post("http://"+d.manage+"/set-txt", "application/json", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// CleanUp leaves the records where they are.
func (d *driver) CleanUp(context.Context, acme.Challenge) error { return nil }

// hashed is the accounturi of a record for one name (draft-ietf-acme-dns-persist-02,
// Section 4.1), which the library does not know yet.
func (d *driver) hashed(ctx context.Context, name string) (string, error) {
	directory, err := d.client.HTTPClient.Get(d.client.Directory)
	if err != nil {
		return "", err
	}
	defer directory.Body.Close()
	var told struct {
		Meta struct {
			Prefix string `json:"accountHashPrefix"`
		} `json:"meta"`
	}
	if err := json.NewDecoder(directory.Body).Decode(&told); err != nil {
		return "", err
	}
	thumbprint, err := d.account.Thumbprint()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(string([]byte{byte(len(name))}) + name + thumbprint + d.account.Location))
	return told.Meta.Prefix + "sha-256/" + base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
