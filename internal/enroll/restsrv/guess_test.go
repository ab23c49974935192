package restsrv

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
)

func (w *world) issueWithPassword(c *client.Client, host, password string) *client.Outcome {
	w.t.Helper()
	k, _ := csrWithKey(w.t, host)
	out, err := c.Submit(w.t.Context(), client.Submission{Request: csrWithPassword(w.t, k, host, password)})
	if err != nil {
		w.t.Fatal(problem(err))
	}
	return out
}

func csrWithPassword(t *testing.T, k *key.Private, host, password string) string {
	t.Helper()
	subject, err := dn.ParseText("CN=" + host)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := task.NewRequest(task.RequestSpec{Subject: subject, Challenge: password}, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.Encode("CERTIFICATE REQUEST", r.Raw))
}

// Whoever shows a wrong password learns nothing of what others have: not whether
// there is a certificate, nor whether it has a password, by words or by counts.
func TestWrongPasswordsTellNothing(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	withOne := w.issueWithPassword(ann, "a.example", "open sesame").Serial
	weak := w.issueWithPassword(ann, "w.example", "1733").Serial
	without := w.issue(ann, "b.example").Serial
	none := strings.Repeat("ab", 16)
	for name, body := range map[string]string{"bob": `{"password":"wrong password","reason":"superseded"}`, "eve": `{"proof":"AAAA"}`} {
		bob, _ := w.tokenFor(access.Token{Name: name, Roles: []access.Role{access.Applicant}})
		var told []string
		for _, serial := range []string{none, withOne, weak, without} {
			for _, more := range []string{"", "?ca=issuing"} {
				status, _, text := w.raw("POST", "/api/v1/certificates/"+serial+"/revoke"+more, bob, strings.NewReader(body), "Content-Type", "application/json", "If-Match", `"x"`)
				told = append(told, fmt.Sprint(status, strings.ReplaceAll(text, serial, "SERIAL")))
			}
		}
		for _, one := range told {
			if one != told[0] || !strings.HasPrefix(one, "404") || !strings.Contains(one, `"reason":"unknown-certificate"`) {
				t.Errorf("%s: %s", name, one)
			}
		}
		for _, serial := range []string{none, withOne, weak, without} {
			w.raw("POST", "/api/v1/certificates/"+serial+"/revoke", bob, strings.NewReader(body), "Content-Type", "application/json")
			status, header, text := w.raw("POST", "/api/v1/certificates/"+serial+"/revoke", bob, strings.NewReader(body), "Content-Type", "application/json")
			if (status == 429) != (serial != none) || status == 429 && (header.Get("Retry-After") != "60" || !strings.Contains(text, `"code":"rate-limited"`)) {
				t.Errorf("%s: %d %s %s", name, status, header.Get("Retry-After"), text)
			}
		}
	}
}

// Four digits are not found out by trying, and the password revokes for anybody
// who has it.
func TestPasswordsOfOthersAreNotGuessed(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	serial := w.issueWithPassword(ann, "a.example", "open sesame").Serial
	codes := map[string]int{}
	for n := range 20 {
		bob := w.as("bob", access.Applicant) // another token each time
		_, err := bob.Revoke(t.Context(), "", serial, client.Revocation{Password: fmt.Sprint("open sesam", n)})
		codes[err.(*client.Problem).Code]++
	}
	if codes[client.CodeNotFound] != 5 || codes[client.CodeRateLimited] != 15 {
		t.Error(codes)
	}
	if _, err := ann.Revoke(t.Context(), "", serial, client.Revocation{Password: "open sesame"}); problem(err) != "rate-limited: too many wrong passwords or signatures were shown for this certificate, or by you" {
		t.Error(problem(err))
	}
	w.pass(2 * time.Minute)
	if _, err := ann.Revoke(t.Context(), "", serial, client.Revocation{Password: "wrong password"}); problem(err) != "refused/not-authorized: the password is not the challenge password of the request" {
		t.Error(problem(err))
	}
	w.pass(3 * time.Minute)
	c, err := w.as("carl", access.Applicant).Revoke(t.Context(), "", serial, client.Revocation{Password: "open sesame", Reason: "superseded"})
	if err != nil || c.Status != "revoked" {
		t.Error(problem(err))
	}
}

// A page that would go on from what is another's is as one from nowhere.
func TestPagesGoOnFromOnesOwn(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	bob, bobs := w.tokenFor(access.Token{Name: "bob", Roles: []access.Role{access.Applicant}})
	limited, _ := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}, Profiles: []string{"client"}})
	olga, _ := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}})
	hers, his := w.issue(ann, "a.example"), w.issue(bobs, "b.example")
	for _, c := range []struct {
		token, path, cursor string
		status              int
	}{
		{bob, "/certificates", cursor("issuing", hers.Serial), 400}, {bob, "/certificates", cursor("issuing", "00"), 400}, {bob, "/certificates", cursor("issuing", his.Serial), 200},
		{limited, "/certificates", cursor("issuing", hers.Serial), 400}, {olga, "/certificates", cursor("issuing", hers.Serial), 200},
		{bob, "/requests", cursor(hers.Ticket), 400}, {bob, "/requests", cursor("X"), 400}, {bob, "/requests", cursor(his.Ticket), 200},
		{limited, "/requests", cursor(hers.Ticket), 400}, {olga, "/requests", cursor(hers.Ticket), 200},
	} {
		if status, _, text := w.raw("GET", "/api/v1"+c.path+"?cursor="+c.cursor, c.token, nil); status != c.status {
			t.Errorf("%s: %d %s", c.path, status, text)
		}
	}
}
