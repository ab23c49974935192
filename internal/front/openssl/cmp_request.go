package openssl

// prepareRequest looks at what is asked for, and loads the files of it.
func (m *managing) prepareRequest() error {
	for _, step := range []func() error{m.checkRequest, m.checkUnused, m.checkReference, m.loadNewKey, m.loadRequested} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// checkRequest looks whether what is needed is there.
func (m *managing) checkRequest() error {
	newKey, keyFile, csr, old, file := m.text("newkey"), m.text("key"), m.text("csr"), m.text("oldcert"), m.text("cert")
	if m.text("subject") == "" && csr == "" && old == "" && file == "" && m.command != "rr" && m.command != "genm" {
		m.warn("no -subject given; no -csr or -oldcert or -cert available for fallback")
	}
	popo := m.count("popo", popoSignature)
	switch {
	case !m.enrols():
		return m.ignoreRequested()
	case newKey == "" && keyFile == "" && csr == "" && old == "":
		return m.fail("missing -newkey (or -key) to be certified and no -csr, -oldcert, or -cert given for fallback public key")
	case newKey == "" && popo != popoNone && popo != popoRAVerified && csr != "":
		also := ""
		if keyFile != "" {
			also = ", and -key option superseded by by -csr"
		}
		return m.fail("no -newkey option given with private key for POPO, -csr option only provides public key%s", also)
	case newKey == "" && popo != popoNone && popo != popoRAVerified && keyFile == "":
		return m.fail("missing -newkey (or -key) option for POPO")
	case m.text("certout") == "":
		return m.fail("-certout not given, nowhere to save newly enrolled certificate")
	}
	var err error
	if m.subject, err = m.readName("subject", "subject"); err == nil {
		m.issuer, err = m.readName("issuer", "issuer")
	}
	return err
}

// ignoreRequested tells of options that mean nothing without a template.
func (m *managing) ignoreRequested() (err error) {
	const words = "option is ignored for commands other than 'ir', 'cr', and 'kur'"
	switch {
	case m.text("subject") == "":
	case m.text("ref") == "" && m.text("cert") == "":
		m.subject, err = m.readName("subject", "subject")
	default:
		m.warn("-subject %s since -ref or -cert is given", words)
	}
	for _, name := range []string{"issuer", "reqexts", "san_nodefault", "sans", "policies", "policy_oids"} {
		if o, _ := m.call.command.option(name); m.text(name) != "" || o.kind == flag && m.has(name) {
			m.warn("-%s %s", name, words)
		}
	}
	return err
}

// checkUnused tells of the other options that mean nothing.
func (m *managing) checkUnused() error {
	if m.command != "p10cr" && m.command != "rr" {
		return nil
	}
	const words = "option is ignored for 'p10cr' and 'rr' commands"
	for _, o := range []struct {
		name  string
		given bool
	}{
		{"newkeytype", m.text("newkeypass") != ""}, {"newkey", m.text("newkey") != ""}, {"days", m.count("days", 0) != 0}, {"popo", m.has("popo")},
	} {
		if o.given {
			m.warn("-%s %s", o.name, words)
		}
	}
	return nil
}

// checkReference looks whether what is to be updated or revoked is there.
func (m *managing) checkReference() error {
	old, file, csr := m.text("oldcert"), m.text("cert"), m.text("csr")
	reference := old
	if reference == "" {
		reference = file
	}
	switch {
	case m.command == "kur" && reference == "" && csr == "":
		return m.fail("missing -oldcert for certificate to be updated and no -csr given")
	case m.command == "kur" && m.text("subject") != "":
		if reference == "" {
			reference = csr
		}
		m.warn("given -subject '%s' overrides the subject of '%s' for KUR", m.text("subject"), reference)
	case m.command == "rr" && old == "" && csr == "":
		return m.fail("missing -oldcert for certificate to be revoked and no -csr given")
	case m.command == "rr" && old != "" && csr != "":
		m.warn("ignoring -csr since certificate to be revoked is given")
	case m.command == "p10cr" && csr == "":
		return m.fail("missing PKCS#10 CSR for p10cr")
	}
	if m.text("recipient") == "" && m.text("srvcert") == "" && m.text("issuer") == "" && old == "" && file == "" {
		m.warn("missing -recipient, -srvcert, -issuer, -oldcert or -cert; recipient will be set to \"NULL-DN\"")
	}
	return nil
}

// loadNewKey reads -newkey: a private key, or else a public one.
func (m *managing) loadNewKey() error {
	file := m.text("newkey")
	if file == "" || m.command == "p10cr" || m.command == "rr" {
		return nil
	}
	secret := m.password("newkeypass", "new private key for cert to be enrolled")
	private, err := m.loadPrivate(keySource{file: file, secret: secret, what: "new private key for cert to be enrolled"})
	if err == nil {
		m.newKey, m.newPublic = private, private.Public
		return nil
	}
	what := "fallback public key for cert to be enrolled"
	if m.text("csr") != "" {
		what = "public key for checking cert resulting from p10cr"
	}
	m.newPublic, err = m.loadPublic(keySource{file: file, secret: secret, what: what})
	return err
}

// loadRequested reads -csr and -oldcert, and makes the extensions to ask for.
func (m *managing) loadRequested() (err error) {
	if m.text("policies") != "" && m.text("policy_oids") != "" {
		return m.fail("cannot have policies both via -policies and via -policy_oids")
	}
	if file := m.text("csr"); file != "" && m.command == "genm" {
		m.warn("-csr option is ignored for command 'genm'")
	} else if file != "" {
		if m.csr, err = m.request(file); err != nil {
			return err
		}
	}
	if err = m.loadReference(); err == nil && m.enrols() {
		m.asked, err = m.extensions()
	}
	return err
}

// loadReference reads -oldcert.
func (m *managing) loadReference() (err error) {
	file, what := m.text("oldcert"), "reference certificate (oldcert)"
	switch {
	case file == "":
		return nil
	case m.command == "genm":
		m.warn("-oldcert option is ignored for command 'genm'")
		return nil
	case m.command == "kur":
		what = "certificate to be updated"
	case m.command == "rr":
		what = "certificate to be revoked"
	}
	m.old, err = m.certificate(file, "keypass", what)
	return err
}
