package openssl

import (
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// prepareNames says whom messages are from and for.
func (m *managing) prepareNames() error {
	from, to := m.subject, (*dn.Name)(nil)
	switch {
	case m.cert != nil:
		from = &m.cert.Subject
	case m.old != nil:
		from = &m.old.Subject
	}
	recipient, err := m.readName("recipient", "recipient")
	if err == nil {
		m.sender, err = m.readName("expect_sender", "expected sender")
	}
	if err != nil {
		return err
	}
	switch {
	case m.pinned != nil:
		to = &m.pinned.Subject
	case recipient != nil:
		to = recipient
	case m.issuer != nil:
		to = m.issuer
	case m.old != nil:
		to = &m.old.Issuer
	case m.cert != nil:
		to = &m.cert.Issuer
	}
	for _, n := range []struct {
		name *dn.Name
		to   *ext.GeneralName
	}{{from, &m.client.Sender}, {to, &m.client.Recipient}} {
		if n.name == nil {
			empty := dn.Empty()
			n.name = &empty
		}
		*n.to = ext.NewDirectoryName(*n.name)
	}
	return nil
}

// prepareInfo reads -geninfo.
func (m *managing) prepareInfo() error {
	given := m.text("geninfo")
	if given == "" {
		return nil
	}
	name, value, ok := strings.Cut(given, ":")
	if !ok {
		return m.fail("missing ':' in -geninfo option")
	}
	if len(value) < 4 || !strings.EqualFold(value[:4], "int:") {
		return m.fail("missing 'int:' in -geninfo option")
	}
	n, err := strconv.ParseInt(strings.TrimLeft(value[4:], " \t\n"), 10, 64)
	if err != nil {
		return m.fail("cannot parse int in -geninfo option")
	}
	id, err := oid.Parse(name)
	if err != nil {
		return m.fail("cannot parse OID in -geninfo option")
	}
	m.client.Info = []cmp.Info{cmp.NewInteger(id, n)}
	return nil
}
