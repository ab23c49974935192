package text

// Authority says how sure it is that the certificate is an authority's: 0 not,
// 1 sure, more for old habits, -1 where its extensions cannot be read.
func (c *Certificate) Authority() int {
	u := c.usage()
	if u.invalid {
		return -1
	}
	return u.authority()
}

// ListSigner reports whether the key usage lets the key sign revocation lists.
func (c *Certificate) ListSigner() bool { return !c.usage().lacks(cRLSign) }

// CertificateSigner reports whether the key usage lets the key sign certificates.
func (c *Certificate) CertificateSigner() bool { return !c.usage().lacks(keyCertSign) }

// SignsItself reports whether the certificate says that its own key signed it;
// the signature is not looked at.
func (c *Certificate) SignsItself() bool {
	return c.Subject.Equal(c.Issuer) && c.identifiesItself()
}

// Purpose says whether the certificate may be used for a purpose, by itself or
// as an authority's: 0 no, 1 yes, more for yes by old habits, -1 where its
// extensions cannot be read. known is false for words that are no purpose.
func (c *Certificate) Purpose(name string, ca bool) (answer int, known bool) {
	u := c.usage()
	check := map[string]func(bool) int{
		"sslclient": u.client, "sslserver": u.server, "nssslserver": u.netscapeSSLServer, "smimesign": u.mailSigning,
		"smimeencrypt": u.mailEncryption, "crlsign": u.listSigning, "any": func(bool) int { return 1 },
		"ocsphelper": u.responder, "timestampsign": u.timestamping,
	}[name]
	switch {
	case check == nil:
		return 0, false
	case u.invalid:
		return -1, true
	}
	return check(ca), true
}
