package openssl

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/certwright/certwright/internal/opensslconf"
)

// loadConfig reads the configuration file of this name, or the one that is
// read where none is named.
func (c *call) loadConfig(name string, verbose bool) (*opensslconf.File, error) {
	if name == "" {
		path, ok := opensslconf.DefaultPath(c.lookup, func(path string) bool { _, err := os.Stat(path); return err == nil })
		if !ok {
			return opensslconf.Parse("the built-in configuration", []byte(opensslconf.Builtin()), c.source())
		}
		name = path
	}
	if verbose {
		fmt.Fprintf(c.Stderr, "Using configuration from %s\n", name)
	}
	text, err := c.open(name)
	if err != nil {
		return nil, err
	}
	f, err := opensslconf.Parse(name, text, c.source())
	var fault *opensslconf.Error
	switch {
	case errors.As(err, &fault):
		return nil, because(fmt.Sprintf("%s: Error on line %d of config file \"%s\"", c.command.name, fault.Reported, name), err)
	case err != nil:
		return nil, err
	}
	if err := f.LoadObjects(); err != nil {
		return nil, because(c.command.name+": Error loading the object identifiers of "+name, err)
	}
	return f, nil
}

func (c *call) lookup(name string) (string, bool) {
	v := c.Getenv(name)
	return v, v != ""
}

func (c *call) source() opensslconf.Source {
	return opensslconf.Source{Getenv: c.lookup, ReadFile: c.readNamed, ReadDir: c.folderNames}
}

func (c *call) readNamed(name string) ([]byte, error) { return os.ReadFile(c.path(name)) }

// folderNames lists the files of a folder; nothing where it is none.
func (c *call) folderNames(name string) ([]string, error) {
	info, err := os.Stat(c.path(name))
	if err != nil || !info.IsDir() {
		return nil, err
	}
	entries, err := os.ReadDir(c.path(name))
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// addObjects adds the identifiers of the file that oid_file names. What it
// cannot read is said, and is no failure, as with OpenSSL.
func (c *call) addObjects(f *opensslconf.File, file string) {
	if file == "" {
		return
	}
	text, err := c.read(file)
	if err != nil {
		fmt.Fprintf(c.Stderr, "problems opening %s for extra oid's\n%s\n", file, reason(err))
		return
	}
	if err := f.AddObjectFile(text); err != nil {
		fmt.Fprintf(c.Stderr, "%s: %v; it and what follows it is left out\n", file, err)
	}
}

// addedExtensions makes a configuration of the -addext texts: one line each.
func (c *call) addedExtensions() (*opensslconf.File, error) {
	list := c.all("addext")
	if len(list) == 0 {
		return nil, nil
	}
	seen := map[string]bool{}
	var text strings.Builder
	for _, line := range list {
		name, _, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, complaint{text: "Duplicate extension: " + strings.TrimLeft(line, " \t") + "\nan extension is written NAME=VALUE", usage: true}
		}
		if seen[name] {
			return nil, complaint{text: "Duplicate extension: " + line, usage: true}
		}
		seen[name] = true
		text.WriteString(line + "\n")
	}
	f, err := opensslconf.Parse("-addext", []byte(text.String()), opensslconf.Source{Getenv: c.lookup})
	if err != nil {
		return nil, because(c.command.name+": Error on line 1 of config input", err)
	}
	return f, nil
}
