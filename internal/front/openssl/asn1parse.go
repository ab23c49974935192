package openssl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/format/asn1tree"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/opensslconf"
)

func asn1parseCommand() command {
	return command{name: "asn1parse", run: asn1parse, options: []option{
		title("General options"),
		helpOption(),
		{"oid", inFile, "File of more object identifiers", ""},
		title("I/O options"),
		{"inform", derOrPEM, "Format of the file", ""},
		{"in", inFile, "File to read", ""},
		{"out", outFile, "File for the octets, always DER", ""},
		{"noout", flag, "Print nothing", ""},
		{"offset", positive, "Octets to pass over", ""},
		{"length", positive, "Octets to read", ""},
		{"strparse", positive, "Open the element at this offset; repeat to dig deeper", ""},
		{"genstr", str, "Make a value of this text, and read that", ""},
		{"genconf", str, "Make a value of this file, and read that", ""},
		{"strictpem", flag, "Take no base64 outside of PEM", ""},
		{"item", str, "Print the value as this structure", "only the tree of elements is printed"},
		title("Formatting options"),
		{"i", flag, "Indent by depth", ""},
		{"dump", flag, "Show unprintable content in hexadecimal", ""},
		{"dlimit", positive, "The same, at most so many octets of each", ""},
	}}
}

func asn1parse(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	conf, err := c.treeNames()
	if err != nil {
		return err
	}
	data, err := c.treeInput(conf)
	if err != nil {
		return err
	}
	o := asn1tree.Options{Indent: c.has("i"), Offset: c.count("offset", 0), Length: c.count("length", 0), Long: c.longName}
	for _, g := range c.given {
		switch g.name {
		case "strparse":
			o.StrParse = append(o.StrParse, int(g.n))
		case "dump":
			o.Dump, o.DumpLimit = true, 0
		case "dlimit":
			o.Dump, o.DumpLimit = true, int(g.n)
		}
	}
	o.Skipped = func(offset int) { fmt.Fprintf(c.Stderr, "'%d' is out of range\n", offset) }
	var tree bytes.Buffer
	w := bufio.NewWriter(&tree)
	err = asn1tree.Write(w, data, o)
	w.Flush()
	var broken *asn1tree.Error
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	// What is written with -out is what the tree is of, even a broken one.
	if name := c.text("out"); name != "" && (broken == nil || broken.Kind == asn1tree.BadEncoding || broken.Kind == asn1tree.TooDeep) {
		if err := c.writeFile(name, dug(data, o), false); err != nil {
			return err
		}
	}
	if c.has("noout") && (broken == nil || broken.Kind == asn1tree.BadEncoding || broken.Kind == asn1tree.TooDeep) {
		return nil
	}
	if _, err := c.Stdout.Write(tree.Bytes()); err != nil {
		return err
	}
	return treeError(broken)
}

func treeError(broken *asn1tree.Error) error {
	switch {
	case broken == nil:
		return nil
	case broken.Kind == asn1tree.OutOfRange:
		return complain("Error: offset out of range")
	case broken.Kind == asn1tree.BadStructure:
		return complain("Error parsing structure")
	case broken.Kind == asn1tree.NotOpenable:
		return complain("Can't parse %s type", broken.Cause)
	}
	return complain("Error in encoding")
}

// treeInput is what the tree is to be of.
func (c *call) treeInput(conf *opensslconf.File) ([]byte, error) {
	if c.hasAny("genstr", "genconf") {
		return c.generated(conf)
	}
	data, err := c.open(c.text("in"))
	if err != nil {
		return nil, err
	}
	if c.format("inform", formatPEM) == formatDER {
		return data, nil
	}
	if len(data) == 0 || bytes.IndexByte(data, 0) >= 0 || data[0] == 0x30 {
		data = nil
	}
	blocks, err := pem.Find(data)
	if c.has("strictpem") && (err != nil || len(blocks) == 0 || blocks[0].Label == "") {
		return nil, complain("Error reading PEM file")
	}
	if err != nil || len(blocks) == 0 {
		return nil, nil
	}
	return blocks[0].Bytes, nil
}

// generated makes a value of -genstr, or of the line "asn1" of -genconf.
func (c *call) generated(conf *opensslconf.File) ([]byte, error) {
	value := c.text("genstr")
	if name := c.text("genconf"); name != "" {
		file, err := c.parseConf(name)
		if err != nil {
			return nil, err
		}
		conf = file
		if err := conf.LoadObjects(); err != nil {
			return nil, err
		}
		if !c.has("genstr") {
			found := false
			if value, found = conf.Value("default", "asn1"); !found {
				return nil, complain("Can't find 'asn1' in '%s'", name)
			}
		}
	}
	return opensslconf.Generate(conf, value)
}

// treeNames reads the object identifiers of -oid, for the tree, and those that
// values may be made of.
func (c *call) treeNames() (*opensslconf.File, error) {
	conf := &opensslconf.File{}
	if c.hasAny("genstr", "genconf") {
		conf = c.libraryFile()
	}
	if name := c.text("oid"); name != "" {
		data, err := c.open(name)
		if err != nil {
			return nil, err
		}
		if err := conf.AddObjectFile(data); err != nil {
			fmt.Fprintf(c.Stderr, "%s: %v; it and what follows it is left out\n", name, err)
		}
	}
	c.objects = conf.Objects()
	return conf, nil
}

// parseConf reads a configuration file.
func (c *call) parseConf(name string) (*opensslconf.File, error) {
	data, err := c.open(name)
	if err != nil {
		return nil, err
	}
	return opensslconf.Parse(name, data, opensslconf.Source{
		Getenv: func(name string) (string, bool) {
			v := c.Getenv(name)
			return v, v != ""
		},
		ReadFile: func(name string) ([]byte, error) { return c.read(name) },
		ReadDir:  c.listFolder,
	})
}

// listFolder returns the configuration files of a folder; nothing where the
// name is not one of a folder.
func (c *call) listFolder(name string) ([]string, error) {
	if info, err := os.Stat(c.path(name)); err != nil || !info.IsDir() {
		return nil, nil
	}
	entries, err := os.ReadDir(c.path(name))
	if err != nil {
		return nil, err
	}
	files := []string{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".cnf") || strings.HasSuffix(e.Name(), ".conf") {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	return files, nil
}
