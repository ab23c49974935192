package config

import "time"

// Config is the whole configuration. The tags are its manual: "yaml" is the
// key, "doc" what it does; Default has what holds where nothing is said. Each
// single value, list of strings and list of structs (as YAML or JSON) is also
// settable by an environment variable, named by Variable. "restart" marks what a
// running server cannot change.
type Config struct {
	CA         string `yaml:"ca" doc:"the authority that signs where none is named; empty: the only one that issues"`
	Profile    string `yaml:"profile" doc:"the profile where none is named; empty: the authority's, else server"`
	Officer    string `yaml:"officer" doc:"the name that decisions are made under; empty: the local user"`
	Passphrase string `yaml:"ca-passphrase" doc:"where the passphrase of the authorities' keys comes from: env:NAME or file:PATH" restart:"yes" secret:"source"`
	Linter     string `yaml:"linter" doc:"the linter program; empty: certwright-lint, where it is installed" restart:"yes"`
	Database   string `yaml:"database" doc:"where the records are; empty: certwright.db in the home, else postgres://USER@HOST/NAME" restart:"yes" secret:"url"`

	Server   Server    `yaml:"server" doc:"what \"certwright serve\" listens on, and is called"`
	Access   Access    `yaml:"access" doc:"who may do what, besides the bearers of API tokens"`
	CMP      CMP       `yaml:"cmp" doc:"certificates by CMP, for devices that share a secret or have a certificate"`
	ACME     ACME      `yaml:"acme" doc:"certificates for whoever shows control of a name, by ACME"`
	Limits   Limits    `yaml:"limits" doc:"what one client may take"`
	Log      Log       `yaml:"log" doc:"the log, on standard error"`
	Publish  Publish   `yaml:"publish" doc:"revocation lists, OCSP and the certificates of authorities"`
	Alerts   Alerts    `yaml:"alerts" doc:"telling people of certificates that end soon"`
	Webhooks []Webhook `yaml:"webhooks" doc:"programs that are told of decisions, signed and tried again"`
}

// Server is what is listened on, and under which names.
type Server struct {
	Listen      string   `yaml:"listen" doc:"address of the HTTPS listener: HOST:PORT, or :PORT for every address" restart:"yes"`
	PlainListen string   `yaml:"plain-listen" doc:"address of the plain HTTP listener for revocation lists, OCSP and CA certificates; off: none" restart:"yes"`
	URL         string   `yaml:"url" doc:"the address clients reach the HTTPS listener at; empty: https:// with the first name and the port"`
	PlainURL    string   `yaml:"plain-url" doc:"the address relying parties reach the plain listener at, written into certificates; empty: as url"`
	Names       []string `yaml:"names" doc:"host names and addresses of the server's own certificate; empty: this host's name, localhost and the loopback addresses"`
	CA          string   `yaml:"ca" doc:"the authority that signs the server's own certificate; empty: the one that signs where none is named"`
	Profile     string   `yaml:"profile" doc:"the profile of the server's own certificate"`
	Certificate string   `yaml:"certificate" doc:"file of a certificate and its chain from elsewhere, instead of an own one; its content is read again on reload"`
	Key         string   `yaml:"key" doc:"file of the key of that certificate"`
	Proxies     []string `yaml:"proxies" doc:"addresses and networks of the reverse proxies in front of the server, such as 10.0.0.0/8: what they tell of clients is believed; empty: none"`
	ProxyHeader string   `yaml:"proxy-header" doc:"the header they tell of clients by: x-forwarded-for (with x-forwarded-proto) or forwarded (RFC 7239)"`
	ProxyShown  string   `yaml:"proxy-certificate" doc:"the header in which they pass on the certificate that a client has shown them, such as Client-Cert (RFC 9440); empty: none"`
	Metrics     string   `yaml:"metrics" doc:"who may read /metrics: token (administrators and auditors), open (anyone) or off"`
	Grace       Duration `yaml:"grace" doc:"how long requests that are under way may take to end when the server stops"`
}

// Access says who is recognized besides the bearers of API tokens.
type Access struct {
	Certificates []AccessRule `yaml:"certificates" doc:"client certificates of our own issue: the first rule that matches a name in one says what its holder may do"`
	Roots        string       `yaml:"roots" doc:"file of root certificates from elsewhere, whose client certificates are recognized too"`
	Lists        []string     `yaml:"revocation-lists" doc:"files of the full revocation lists of the issuers under roots, read again when they change; an issuer without one is not asked, and once one has run out its certificates are refused"`
	OIDC         OIDC         `yaml:"oidc" doc:"OpenID Connect"`
}

// AccessRule gives roles to whoever has a name or claim.
type AccessRule struct {
	Match    string   `yaml:"match" doc:"a name of the certificate with its kind (dns:*.agents.example, email:…, uri:…, cn:… for a common name), or CLAIM=VALUE of an ID token; * matches any run of characters"`
	Roles    []string `yaml:"roles" doc:"applicant, officer, administrator, auditor"`
	Profiles []string `yaml:"profiles" doc:"the profiles they may ask for; empty: all"`
	CAs      []string `yaml:"cas" doc:"the authorities they may ask; empty: all"`

	IssuedUnder []string `yaml:"issued-under" doc:"the profiles that a certificate of our own issue must be of; needed for every role but applicant, and then profiles with applicants: named"`
	IssuedBy    []string `yaml:"issued-by" doc:"the authorities here that must have issued it; empty: any"`
}

// OIDC is the provider whose ID tokens are believed (OpenID Connect Core 1.0).
type OIDC struct {
	Issuer string       `yaml:"issuer" doc:"address of the provider, as its tokens name it; empty: none"`
	Client string       `yaml:"client" doc:"the audience that tokens must be for"`
	Others []string     `yaml:"audiences" doc:"audiences that a token may be for besides; one that is for others, too, is refused"`
	Name   string       `yaml:"name" doc:"the claim that holds the name; empty: email where it is verified, else sub"`
	Rules  []AccessRule `yaml:"rules" doc:"the first rule that matches says what the bearer may do"`
}

// Limits is what one client may take.
type Limits struct {
	Header        Size     `yaml:"header" doc:"the largest head of a request" restart:"yes"`
	Body          Size     `yaml:"body" doc:"the largest body of a request"`
	Connections   int      `yaml:"connections" doc:"connections at the same time; beyond it, those that are idle longest are closed"`
	HeaderTimeout Duration `yaml:"header-timeout" doc:"time for the TLS handshake, and for the head of a request" restart:"yes"`
	ReadTimeout   Duration `yaml:"read-timeout" doc:"time for a whole request" restart:"yes"`
	WriteTimeout  Duration `yaml:"write-timeout" doc:"time from the head of a request to the end of its answer" restart:"yes"`
	IdleTimeout   Duration `yaml:"idle-timeout" doc:"time that a connection may wait for its next request" restart:"yes"`
	Garbage       int      `yaml:"garbage" doc:"memory that may be garbage before it is cleared away, in percent of what is in use: more is quicker, less takes less memory; GOGC in the environment goes before it" restart:"yes"`
	Heap          Size     `yaml:"heap" doc:"memory that is filled before any of it is cleared away, however little is in use, which saves processor time; GOGC in the environment goes before it" restart:"yes"`
	Rate          int      `yaml:"rate" doc:"requests a second that one client may send over REST on average, and ten times as many at once; 0: any number"`
}

// Log is how the log is written.
type Log struct {
	Level  string `yaml:"level" doc:"debug, info, warn or error"`
	Format string `yaml:"format" doc:"text or json" restart:"yes"`
}

// Publish is how what relying parties fetch is served.
type Publish struct {
	MaxAge      Duration `yaml:"max-age" doc:"how long caches in between may keep a revocation list or an OCSP answer, at most"`
	Prompt      bool     `yaml:"prompt" doc:"publish a revocation list within a minute of a revocation: the delta list where the authority has one"`
	Memory      Size     `yaml:"ocsp-memory" doc:"what OCSP answers that are signed ahead may take"`
	Ahead       bool     `yaml:"ocsp-ahead" doc:"sign OCSP answers ahead for all valid certificates, and not only for those that were asked about"`
	IgnoreNonce bool     `yaml:"ocsp-ignore-nonce" doc:"give answers that were signed ahead to questions with a nonce, too; such clients may not like it"`
}

// Alerts says who is told of certificates that end soon.
type Alerts struct {
	Expiry    Duration `yaml:"expiry" doc:"how long before its end a certificate that was not renewed is told of; 0: never"`
	Authority Duration `yaml:"authority-expiry" doc:"how long before its end the own certificate of an authority is told of; 0: never"`
	Missed    bool     `yaml:"missed-renewal" doc:"tell when a certificate that renews an earlier one passes nine tenths of its life without a renewal"`
	Every     Duration `yaml:"every" doc:"how often to look"`
	Mail      Mail     `yaml:"mail" doc:"the mail server that alerts are sent by"`
	Webhook   Webhook  `yaml:"webhook" doc:"the program that alerts are posted to"`
}

// Mail is how alerts are sent by mail (RFC 5321).
type Mail struct {
	Server   string   `yaml:"server" doc:"HOST:PORT of the mail server; empty: no mail"`
	TLS      string   `yaml:"tls" doc:"starttls, tls (from the first octet) or none"`
	User     string   `yaml:"user" doc:"the user to log in as; empty: no login"`
	Password string   `yaml:"password" doc:"where the password comes from: env:NAME or file:PATH" secret:"source"`
	From     string   `yaml:"from" doc:"the sender's address"`
	Roots    string   `yaml:"roots" doc:"file of the root certificates, in PEM, that its certificate is checked by, read again on reload; empty: those of the system"`
	To       []string `yaml:"to" doc:"the addresses of those who are told"`
}

// Webhook is an address that messages are posted to.
type Webhook struct {
	Name   string   `yaml:"name" doc:"its name in the log; deliveries under way are remembered by it"`
	URL    string   `yaml:"url" doc:"where to post; empty: nowhere"`
	Secret string   `yaml:"secret" doc:"where the key that signs messages (HMAC-SHA256) comes from: env:NAME or file:PATH" secret:"source"`
	Roots  string   `yaml:"roots" doc:"file of the root certificates, in PEM, that its certificate is checked by, read again on reload; empty: those of the system"`
	Events []string `yaml:"events" doc:"the actions to tell of, as the audit chain names them; empty: every decision on a request, and every revocation"`
}

// Default returns what holds where nothing is said.
func Default() Config {
	return Config{
		Server: Server{Listen: ":8443", PlainListen: ":8080", Profile: "server", ProxyHeader: XForwardedFor, Metrics: "token", Grace: Duration(30 * time.Second)},
		CMP:    defaultCMP(),
		ACME:   defaultACME(),
		Limits: Limits{Header: 64 << 10, Body: 1 << 20, Connections: 20000, HeaderTimeout: Duration(10 * time.Second),
			ReadTimeout: Duration(30 * time.Second), WriteTimeout: Duration(time.Minute), IdleTimeout: Duration(2 * time.Minute), Garbage: 150, Heap: 18 << 20},
		Log:     Log{Level: "info", Format: "text"},
		Publish: Publish{MaxAge: Duration(time.Hour), Memory: 16 << 20},
		Alerts: Alerts{Expiry: Duration(14 * 24 * time.Hour), Authority: Duration(90 * 24 * time.Hour), Missed: true, Every: Duration(time.Hour),
			Mail: Mail{TLS: "starttls"}, Webhook: Webhook{Name: "alerts"}},
	}
}

// The headers by which proxies tell of clients.
const (
	XForwardedFor = "x-forwarded-for"
	Forwarded     = "forwarded"
)

// PlainOff is the value of Server.PlainListen for no plain listener.
const PlainOff = "off"
