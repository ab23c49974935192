package openssl

import (
	"os"

	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/opensslconf"
)

// names finds the names that configurations give to an object identifier:
// those of the command's own, and those of the library section of the one that
// is read where none is named. The latter is read when it is first asked for.
func (c *call) names(id oid.OID) (short, long string, known bool) {
	for _, o := range c.objects {
		if o.ID == id {
			return o.Short, o.Long, true
		}
	}
	if !c.libraryRead {
		c.libraryRead = true
		c.library = c.libraryFile().Objects()
	}
	for _, o := range c.library {
		if o.ID == id {
			return o.Short, o.Long, true
		}
	}
	return "", "", false
}

// libraryFile reads the default configuration with the names of its library
// section; what cannot be read there only matters to those who need the rest.
func (c *call) libraryFile() *opensslconf.File {
	nothing := &opensslconf.File{}
	path, ok := opensslconf.DefaultPath(c.lookup, func(path string) bool { _, err := os.Stat(path); return err == nil })
	if !ok {
		return nothing
	}
	data, err := c.readNamed(path)
	if err != nil {
		return nothing
	}
	f, err := opensslconf.Parse(path, data, c.source())
	if err != nil {
		return nothing
	}
	_ = f.LoadLibraryObjects()
	return f
}

// longName is names for a printer that knows long ones alone.
func (c *call) longName(id oid.OID) (name string, known bool) {
	_, name, known = c.names(id)
	return name, known
}
