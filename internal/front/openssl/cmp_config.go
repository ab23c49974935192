package openssl

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/internal/opensslconf"
)

const (
	cmpSection     = "cmp"
	defaultSection = "default"
)

// configure reads the configuration, and puts what its sections say before
// what the command line says.
func (m *managing) configure() error {
	m.level = m.count("verbosity", levelInfo)
	name, named := m.configFile()
	if name == "" {
		return nil
	}
	if _, err := os.Stat(m.path(name)); err != nil && !named {
		return nil
	}
	section := cmpSection
	if m.has("section") {
		if section = m.text("section"); section == "" {
			section = defaultSection
		}
	}
	m.tell(levelInfo, "using section(s) '%s' of OpenSSL configuration file '%s'", section, name)
	var err error
	if m.conf, err = m.loadConfig(name, false); err != nil {
		return err
	}
	sections := items(section)
	slices.Reverse(sections)
	for _, one := range sections {
		if _, ok := m.conf.Section(one); ok {
			continue
		}
		if section == cmpSection {
			m.tell(levelInfo, "no [%s] section found in config file '%s'; will thus use just [default] and unnamed section if present", section, name)
		} else {
			return m.fail("no [%s] section found in config file '%s'", one, name)
		}
	}
	return m.takeConfigured(sections)
}

// configFile is the file that -config names, or the one that is read if it is
// there.
func (m *managing) configFile() (name string, named bool) {
	if m.has("config") {
		return m.text("config"), true
	}
	name, _ = opensslconf.DefaultPath(m.lookup, func(path string) bool { _, err := os.Stat(path); return err == nil })
	return name, false
}

// takeConfigured takes the options that the sections have, the first of them
// first.
func (m *managing) takeConfigured(sections []string) error {
	given := m.given
	m.given = nil
	for _, o := range m.call.command.options {
		if o.name == "" || slices.Contains([]string{"help", "config", "section"}, o.name) {
			continue
		}
		value, ok := m.configuredValue(sections, o)
		if !ok || o.refused == noMockServer && o.name != "use_mock_srv" && o.name != "port" {
			continue // options of the mock server mean nothing without it
		}
		if err := m.take(o, value); err != nil {
			return err
		}
	}
	m.fromConfig, m.given = len(m.given), append(m.given, given...)
	m.level = m.count("verbosity", levelInfo)
	return nil
}

// configuredValue is what the first section that has an option says; flags are
// numbers, and numbers that are none count as not given.
func (m *managing) configuredValue(sections []string, o option) (string, bool) {
	value, ok := "", false
	for _, section := range sections {
		if value, ok = m.conf.Value(section, o.name); ok {
			break
		}
	}
	switch {
	case !ok || o.kind == str || o.kind == outFile || o.kind == moment:
		return value, ok && (value != "" || o.refused == "")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return fmt.Sprint(n), err == nil && (o.kind != flag || n != 0)
}

// items takes a list apart that has commas or spaces between its items.
func items(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f'
	})
}
