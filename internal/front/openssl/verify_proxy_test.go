package openssl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProxyCertificates verifies paths that end in proxies, good and bad.
func TestProxyCertificates(t *testing.T) {
	w := newTwin(t)
	for name, content := range map[string]string{
		"user.ext":  "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n",
		"proxy.ext": "proxyCertInfo=critical,language:id-ppl-anyLanguage,pathlen:1,policy:text:AB\n",
		"last.ext":  "proxyCertInfo=critical,language:id-ppl-inheritAll,pathlen:0\n",
	} {
		w.write(t, name, content)
	}
	sign := func(subject, by, ext, out string) string {
		return "x509 -new -force_pubkey ecpub.pem -subj " + subject + " -CA " + by + " -CAkey ec.pem -days 40 -extfile " + ext + " -out " + out
	}
	for _, line := range []string{
		"x509 -new -force_pubkey ecpub.pem -subj /CN=user -CA root.pem -CAkey k.pem -days 40 -extfile user.ext -out user.pem",
		sign("/CN=user/CN=p1", "user.pem", "proxy.ext", "p1.pem"), sign("/CN=user/CN=p1/CN=p2", "p1.pem", "last.ext", "p2.pem"),
		sign("/CN=user/CN=p1/CN=p2/CN=p3", "p2.pem", "last.ext", "p3.pem"), sign("/CN=another", "user.pem", "proxy.ext", "named.pem"),
	} {
		if _, talk, code := reference(t, w.theirs, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	for _, name := range []string{"user.pem", "p1.pem", "p2.pem", "p3.pem", "named.pem"} {
		data, err := os.ReadFile(filepath.Join(w.theirs, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.ours, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const verify = "verify -trusted root.pem -untrusted user.pem -untrusted p1.pem -untrusted p2.pem "
	for _, line := range []string{"p1.pem", "-allow_proxy_certs p1.pem", "-allow_proxy_certs p2.pem", "-allow_proxy_certs p3.pem", "-allow_proxy_certs named.pem", "-allow_proxy_certs -purpose sslclient p2.pem"} {
		w.compare(t, "", verify+line)
	}
}
