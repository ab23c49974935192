package openssl

import (
	"fmt"
	"runtime"
)

func versionCommand() command {
	return command{name: "version", run: version, options: []option{
		title("General options"),
		helpOption(),
		title("Output options"),
		{"a", flag, "Everything below", ""},
		{"b", flag, "When this program was built", ""},
		{"d", flag, "Folder of the configuration", ""},
		{"e", flag, "Folder of engines: there is none", ""},
		{"m", flag, "Folder of modules: there is none", ""},
		{"f", flag, "The compiler", ""},
		{"o", flag, "Options of the build: there are none", ""},
		{"p", flag, "The platform", ""},
		{"r", flag, "Where randomness comes from", ""},
		{"v", flag, "The version, as without options", ""},
		{"c", flag, "The processor", ""},
	}}
}

// compatible is the version of OpenSSL whose commands these are.
const compatible = "3.0.0"

// versionLine has the form that scripts look for, "OpenSSL 3.0.0", and says
// what it really is.
func (e Env) versionLine() string {
	v := e.Version
	if v == "" {
		v = "devel"
	}
	return fmt.Sprintf("OpenSSL %s-compatible (Certwright %s)", compatible, v)
}

func version(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	lines := []struct{ option, line string }{
		{"v", c.versionLine()},
		{"b", "built on: not recorded"},
		{"p", "platform: " + runtime.GOOS + "-" + runtime.GOARCH},
		{"o", "options: none"},
		{"f", "compiler: " + runtime.Version()},
		{"d", fmt.Sprintf("OPENSSLDIR: %q", configFolder)},
		{"e", "ENGINESDIR: N/A"},
		{"m", "MODULESDIR: N/A"},
		{"r", "Seeding source: os-specific"},
		{"c", "CPUINFO: N/A"},
	}
	for _, l := range lines {
		if c.has("a") || c.has(l.option) || l.option == "v" && len(c.given) == 0 {
			fmt.Fprintln(c.Stdout, l.line)
		}
	}
	return nil
}

// configFolder is where openssl.cnf is looked for where OPENSSL_CONF does not
// say.
const configFolder = "/usr/lib/ssl"
