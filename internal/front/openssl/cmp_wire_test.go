package openssl

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlacesOfServers(t *testing.T) {
	for text, want := range map[string]place{
		"ca.example":                       {host: "ca.example", port: "80"},
		"http://ca.example":                {host: "ca.example", port: "80"},
		"HTTPS://ca.example/pkix/":         {secure: true, host: "ca.example", port: "443", path: "/pkix/"},
		"ca.example:8080/a/b?c#d":          {host: "ca.example", port: "8080", path: "/a/b?c"},
		"[::1]:8080/x":                     {host: "::1", port: "8080", path: "/x"},
		"http://me:pw@[2001:db8::1]/":      {host: "2001:db8::1", port: "80", path: "/"},
		"127.0.0.1:65535":                  {host: "127.0.0.1", port: "65535"},
		"":                                 {},
		"ftp://ca.example":                 {},
		"ca.example:":                      {},
		"ca.example:0":                     {},
		"ca.example:65536":                 {},
		"ca.example:-10":                   {},
		"ca.example:x/+80":                 {},
		"ca.example:80+/x.":                {},
		"[::1":                             {},
		"[::1]8080":                        {},
		":8080":                            {},
		"http://":                          {},
		"/pkix/":                           {},
		"https://ca.example:8443:8444/cmp": {},
	} {
		got, ok := parsePlace(text)
		if ok != (want.host != "") || ok && got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, ok, want)
		}
	}
}

// TestCMPReachesServers looks at what arrives at a server that refuses.
func TestCMPReachesServers(t *testing.T) {
	dir := cmpShop(t)
	type seen struct {
		method, path, proxied string
		closes                bool
	}
	var got []seen
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := seen{r.Method, r.URL.Path, "", r.Close}
		if r.URL.Host != "" {
			s.proxied = r.URL.Host
		}
		got = append(got, s)
		w.WriteHeader(http.StatusTeapot)
	})
	plain, secure := httptest.NewServer(refuse), httptest.NewTLSServer(refuse)
	defer plain.Close()
	defer secure.Close()
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "tls.crt"), trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	http, https := strings.TrimPrefix(plain.URL, "http://"), secure.URL
	is := " answers 418 I'm a teapot; is it the address of a CMP server?"
	sent := "\nCMP error: transfer error:request sent: GENM, expected response: GENP\n"
	for options, want := range map[string]struct {
		seen
		said string
	}{
		"-server " + http:                                                        {seen{"POST", "/", "", true}, "CMP error: http://" + http + "/" + is + sent},
		"-server " + http + "/ignored -path a/b/":                                {seen{"POST", "/a/b/", "", true}, is + sent},
		"-server " + http + " -path /a":                                          {seen{"POST", "/a", "", true}, is + sent},
		"-server ca.example:99 -proxy " + http:                                   {seen{"POST", "/", "ca.example:99", true}, "will contact http://ca.example:99/ via " + http},
		"-server ca.example -proxy http://" + http + "/ignored":                  {seen{"POST", "/", "ca.example:80", true}, is + sent},
		"-server " + http + " -proxy x -no_proxy a,127.0.0.1":                    {seen{"POST", "/", "", true}, is + sent},
		"-server " + http + " -proxy x:/":                                        {seen{}, `the proxy "x:/" is not [http[s]://]HOST[:PORT]`},
		"-server " + https:                                                       {seen{}, "CMP error: missing -tls_used option since -server URL indicates https"},
		"-tls_used -server " + https:                                             {seen{"POST", "/", "", true}, is + sent},
		"-tls_used -tls_trusted tls.crt -server " + https:                        {seen{"POST", "/", "", true}, is + sent},
		"-tls_used -tls_trusted root.crt -server " + https:                       {seen{}, "is not valid under -tls_trusted: Certificate verification at depth = 0 error = 18 (self-signed certificate)"},
		"-tls_used -tls_trusted tls.crt -tls_host else.example -server " + https: {seen{}, "is not for else.example; -tls_host says what else it may be for"},
		"-tls_used -tls_cert device.crt -tls_key device.key -server " + https:    {seen{"POST", "/", "", true}, is + sent},
		"-tls_used -tls_cert device.crt -tls_key other.key -server " + https:     {seen{}, "CMP error: TLS private key 'other.key' does not match the TLS certificate 'device.crt'"},
		"-tls_used -tls_key other.key -server " + https:                          {seen{}, "CMP error: missing -tls_cert option"},
		"-tls_used -tls_cert device.crt -server " + https:                        {seen{}, "CMP error: missing -tls_key option"},
		"-server 127.0.0.1:0":                                                    {seen{}, "CMP error: cannot parse -server URL: 127.0.0.1:0"},
		"":                                                                       {seen{}, "CMP error: missing -server or -use_mock_srv or -rspin option"},
		"-rspin empty":                                                           {seen{}, "CMP error: cannot read PKIMessage from file 'empty'"},
		"-reqin empty -server " + http:                                           {seen{}, "CMP error: cannot read PKIMessage from file 'empty'"},
		"-reqout none/x -server " + http:                                         {seen{}, "CMP error: cannot write PKIMessage to file 'none/x'"},
		"-reqin_new_tid -server " + http:                                         {seen{"POST", "/", "", true}, "CMP warning: -reqin_new_tid is ignored since -reqin is not present"},
	} {
		got = nil
		out, talk, code := run(dir, "", strings.Fields("cmp -config= -cmd genm -ref 1 -secret pass:test -recipient /CN=root "+options)...)
		if code != 1 || !strings.Contains(out+talk, want.said) {
			t.Errorf("%s: %d, %q and %q; want %q", options, code, out, talk, want.said)
		}
		if want.method == "" && len(got) != 0 || want.method != "" && (len(got) != 1 || got[0] != want.seen) {
			t.Errorf("%s: the server sees %+v; want %+v", options, got, want.seen)
		}
	}
}

func TestCMPHasNoMockServer(t *testing.T) {
	dir := cmpShop(t)
	for _, options := range []string{"-port 0 -srv_ref 1", "-use_mock_srv -cmd ir", "-rsp_cert x", "-config cmp.cnf -section mocked", "-send_error"} {
		_, talk, code := run(dir, "", append([]string{"cmp"}, strings.Fields(options)...)...)
		if code != 1 || !strings.Contains(talk, "is not supported by certwright openssl: "+noMockServer) {
			t.Errorf("%s: %d, %q", options, code, talk)
		}
	}
	for _, options := range []string{"-engine x", "-keyform ENGINE -cmd ir -server x"} {
		if _, talk, code := run(dir, "", append([]string{"cmp"}, strings.Fields(options)...)...); code != 1 || !strings.Contains(talk, noEngines) {
			t.Errorf("%s: %d, %q", options, code, talk)
		}
	}
}

// TestCMPListsItsOptions compares the names and kinds of the options.
func TestCMPListsItsOptions(t *testing.T) {
	want, _, _ := reference(t, t.TempDir(), "", "list", "-options", "cmp")
	got, _, code := run(t.TempDir(), "", "list", "-options", "cmp")
	if code != 0 || strings.TrimSuffix(want, "- -\n") != got {
		t.Errorf("%d: %s\nwant\n%s", code, got, want)
	}
	if _, talk, code := run(t.TempDir(), "", "cmp"); code != 1 || !strings.HasPrefix(talk, "Usage: cmp [options]\n") {
		t.Errorf("%d: %s", code, talk)
	}
}
