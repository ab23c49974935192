package openssl

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/certwright/certwright/format/cert"
)

// warnOfTLS tells of options of TLS that are in vain.
func (m *managing) warnOfTLS() {
	given := func(name string) bool { return m.text(name) != "" }
	if !m.has("tls_used") && slices.ContainsFunc([]string{"tls_cert", "tls_key", "tls_keypass", "tls_extra", "tls_trusted", "tls_host"}, given) {
		m.warn("Ignoring TLS options(s) since -tls_used is not given")
	}
}

// prepareTLS reads the options of TLS.
func (m *managing) prepareTLS() error {
	if !m.has("tls_used") || m.wire.server == nil {
		return nil
	}
	// Verification is that of -tls_trusted, by the options of paths; without it
	// there is none, as OpenSSL does: messages protect themselves.
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, ServerName: m.wire.server.host}
	if err := m.showOverTLS(config); err != nil {
		return err
	}
	if files := m.text("tls_trusted"); files != "" {
		store, err := m.loadTrusted(files, "trusted TLS certs")
		if err != nil {
			return err
		}
		config.VerifyConnection = func(s tls.ConnectionState) error { return m.verifyTLS(store, s) }
	}
	m.wire.transport.TLSClientConfig = config
	return nil
}

// showOverTLS loads what -tls_cert and -tls_key name.
func (m *managing) showOverTLS(config *tls.Config) error {
	file, keyFile := m.text("tls_cert"), m.text("tls_key")
	switch {
	case file == "" && keyFile == "" && m.text("tls_keypass") == "":
		return nil
	case keyFile == "":
		return m.fail("missing -tls_key option")
	case file == "":
		return m.fail("missing -tls_cert option")
	}
	list, err := m.certificates(file, "tls_keypass", "TLS client certificate (optionally with chain)", false)
	if err != nil {
		return err
	}
	shown := tls.Certificate{Certificate: [][]byte{list[0].Raw}}
	for _, c := range append(list[1:], m.untrusted...) {
		shown.Certificate = append(shown.Certificate, c.Raw)
	}
	if extra := m.text("tls_extra"); extra != "" {
		more, err := m.severalFiles(extra, "certs of extra certificates for TLS")
		if err != nil {
			return err
		}
		for _, c := range more {
			shown.Certificate = append(shown.Certificate, c.Raw)
		}
	}
	k, err := m.privateKey(keyFile, "tls_keypass", "TLS client private key")
	if err != nil {
		return err
	}
	if !matches(k, list[0].PublicKey) {
		return m.fail("TLS private key '%s' does not match the TLS certificate '%s'", keyFile, file)
	}
	shown.PrivateKey = k.Signer
	config.Certificates = []tls.Certificate{shown}
	return nil
}

// verifyTLS verifies the certificate of a server, and that it is for the host.
func (m *managing) verifyTLS(store *truststore, s tls.ConnectionState) error {
	var shown []*cert.Certificate
	for _, c := range s.PeerCertificates {
		if one, err := cert.Parse(c.Raw); err == nil {
			shown = append(shown, one)
		}
	}
	if len(shown) == 0 {
		return errors.New("the server shows no certificate")
	}
	host := m.text("tls_host")
	if host == "" {
		host = m.wire.server.host
	}
	_, isAddress := netip.ParseAddr(host)
	if isAddress == nil && !isForAddress(shown[0], host) || isAddress != nil && !isForHost(shown[0], host) {
		return fmt.Errorf("the server's TLS certificate %s is not for %s; -tls_host says what else it may be for", shown[0].Subject, host)
	}
	if _, err := m.validPath(store, shown[0], append(shown[1:], m.untrusted...), m.forPeers()); err != nil {
		return fmt.Errorf("the server's TLS certificate %s is not valid under -tls_trusted: %w", shown[0].Subject, err)
	}
	return nil
}
