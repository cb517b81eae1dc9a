package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// visitor uses the site as a browser without scripts does: it follows
// redirects and sends the hidden fields of forms.
type visitor struct {
	http.Client
	url string
}

func newVisitor(t *testing.T, d *program.Helpdesk) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{Client: http.Client{Jar: jar}, url: d.URL}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)

// submit opens a page, fills in the form that goes to a path and sends it.
func (v *visitor) submit(t *testing.T, page, path string, fields ...string) (at, text string) {
	t.Helper()
	_, text = v.get(t, page)
	return v.send(t, text, path, fields...)
}

// send fills in the form of a page that goes to a path, and sends it.
func (v *visitor) send(t *testing.T, page, path string, fields ...string) (at, text string) {
	t.Helper()
	return arrived(t, v.post(t, page, path, fields...))
}

func (v *visitor) post(t *testing.T, page, path string, fields ...string) *http.Response {
	t.Helper()
	_, form, there := strings.Cut(page, `action="`+path+`"`)
	if !there {
		t.Fatalf("there is no form for %s: %s", path, page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(form, -1) {
		values.Add(field[1], field[2])
	}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	answer, err := v.PostForm(v.url+path, values)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (v *visitor) get(t *testing.T, path string) (at, text string) {
	t.Helper()
	answer, err := v.Client.Get(v.url + path)
	if err != nil {
		t.Fatal(err)
	}
	return arrived(t, answer)
}

func arrived(t *testing.T, answer *http.Response) (at, text string) {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %s", answer.Request.URL, answer.StatusCode, err, body)
	}
	return answer.Request.URL.Path, string(body)
}

// mentions fails the test when a page lacks a text.
func mentions(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q: %s", text, page)
		}
	}
}

func TestTheSiteIsUsedByFormsAlone(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	d.Join(t, "ann", "user")
	d.Join(t, "eve", "agent")
	ann, eve := newVisitor(t, d), newVisitor(t, d)
	for name, v := range map[string]*visitor{"ann": ann, "eve": eve} {
		if at, _ := v.get(t, "/admin"); at != "/admin/sign-in/" {
			t.Errorf("the root leads to %s", at)
		}
		if at, _ := v.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", name, "password", program.Secret); at != "/admin/tickets/" {
			t.Errorf("signing in leads to %s", at)
		}
	}
	at, page := ann.submit(t, "/admin/tickets/new/", "/admin/tickets/new/", "title", "No <heat>", "description", "Since noon.", "priority", "high")
	mentions(t, page, "Ticket created.", "No &lt;heat&gt;")
	_, page = eve.get(t, "/admin/tickets/?assignee=none&priority=high")
	mentions(t, page, "No &lt;heat&gt;", `href="`+at+`"`, "<time datetime=")
	_, page = eve.submit(t, at, at+"assign/", "to", "me")
	mentions(t, page, "eve assigned the ticket to eve.")
	_, page = eve.submit(t, at, at+"comment/", "text", "Only for us.", "internal", "yes")
	mentions(t, page, "Only for us.", "internal note")
	_, page = eve.submit(t, at, at+"comment/", "text", "It is mended.", "then", "resolved")
	mentions(t, page, "eve resolved the ticket.")
	_, page = ann.get(t, at)
	mentions(t, page, "It is mended.", "eve resolved the ticket.")
	if strings.Contains(page, "Only for us.") || strings.Contains(page, "internal note") {
		t.Error("a requester reads an internal note")
	}
	_, page = ann.get(t, at+"?version=1")
	mentions(t, page, "version 1 of 4") // the note is none of hers
	_, page = eve.get(t, at+"?version=1")
	mentions(t, page, "version 1 of 5")
	_, page = ann.submit(t, at, at+"status/", "to", "open", "reason", "It is cold again.")
	mentions(t, page, "ann reopened the ticket: It is cold again.")
	_, page = eve.submit(t, "/admin/tickets/?status=all", "/admin/tickets/views/?status=all", "name", "Everything")
	mentions(t, page, "View saved.", "Everything")
	_, page = ann.submit(t, "/admin/account/", "/admin/account/emails/", "commented", "yes")
	mentions(t, page, "Email notifications saved.")
	if at, _ := ann.submit(t, "/admin/tickets/", "/admin/sign-out/"); at != "/admin/sign-in/" {
		t.Errorf("signing out leads to %s", at)
	}
	if at, _ := ann.get(t, "/admin/tickets/"); at != "/admin/sign-in/" {
		t.Errorf("signed out, the list leads to %s", at)
	}
}
