package openssl

// A kind says what follows an option, in the letters of OpenSSL's `list
// -options`.
type kind byte

const (
	flag       kind = '-' // nothing
	str        kind = 's'
	inFile     kind = '<'
	outFile    kind = '>'
	folder     kind = '/'
	uri        kind = ':'
	number     kind = 'n' // any integer
	positive   kind = 'p' // more than 0
	count      kind = 'N' // 0 or more
	moment     kind = 'M' // seconds, of any size
	derOrPEM   kind = 'F'
	anyFormat  kind = 'f' // DER, PEM, P12, ENGINE …
	keyFormat  kind = 'E' // DER, PEM, ENGINE
	anyCipher  kind = 'c' // the name of the option is that of a cipher: -aes256
	anyDigest  kind = 'd' // the name of the option is that of a digest: -sha256
	heading    kind = 'H' // a title in the help; no option
	parameters kind = 'P' // an argument behind the options, in the help
)

// An option is a line of a command's table.
type option struct {
	name    string
	kind    kind
	help    string
	refused string // why the option is an error here; empty where it works
}

// A command is what `openssl NAME` is.
type command struct {
	name    string
	usage   string // what follows the name in the help, "[options]" where empty
	options []option
	run     func(*call) error
}

// option finds a row by its name.
func (cmd command) option(name string) (option, bool) {
	for _, o := range cmd.options {
		if o.name == name && o.kind != heading && o.kind != parameters && o.name != "" {
			return o, true
		}
	}
	return option{}, false
}

// takesUnknown returns anyCipher or anyDigest where options can be names of
// algorithms, and 0 elsewhere.
func (cmd command) takesUnknown() kind {
	for _, o := range cmd.options {
		if o.kind == anyCipher || o.kind == anyDigest {
			return o.kind
		}
	}
	return 0
}

func title(words string) option { return option{kind: heading, help: words} }

const noEngines = "engines are not loaded; keys in devices are for certwright's own commands"

func engineOption() option {
	return option{"engine", str, "Name of an engine (refused: engines are not loaded)", noEngines}
}

func helpOption() option { return option{"help", flag, "Show this list", ""} }

func randomOptions() []option {
	return []option{
		title("Random state"),
		{"rand", str, "Files that must be readable; the system's randomness is used", ""},
		{"writerand", outFile, "Write random octets to a file", ""},
	}
}

func providerOptions() []option {
	return []option{
		title("Provider"),
		{"provider-path", str, "Folder of providers; nothing is loaded from it", ""},
		{"provider", str, "default, base or legacy, which are built in", ""},
		{"propquery", str, "Property query that the default provider answers", ""},
	}
}
