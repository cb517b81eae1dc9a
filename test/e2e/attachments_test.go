package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// content reads the bytes of a file.
func content(t *testing.T, p *program.Person, a program.Attachment, header ...string) program.Answer {
	t.Helper()
	return p.Sends(t, "GET", a.Path("content"), nil, header...)
}

func noise(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

func TestFilesOfTicketsAndComments(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve, ida, mal := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor"), d.Join(t, "mal", "user")
	log := []byte(strings.Repeat("lp0 on fire\n", 30_000))
	upload := bob.Uploads(t, "Drucker läuft.log", log)
	if upload.Filename != "Drucker läuft.log" || upload.ContentType != "text/plain; charset=utf-8" || upload.Size != int64(len(log)) || upload.Ticket != nil || upload.CreatedBy.Username != "bob" {
		t.Errorf("the upload is %+v", upload)
	}
	for who, want := range map[*program.Person]int{bob: http.StatusOK, eve: http.StatusNotFound, d.Admin: http.StatusNotFound, mal: http.StatusNotFound} {
		for _, path := range []string{upload.Path(), upload.Path("content")} {
			who.Must(t, want, "GET", path, nil)
		}
	}
	v := bob.Opens(t, "It smokes", object{"attachments": []string{upload.ID}})
	if len(v.Attachments) != 1 || v.AttachmentCount != 1 || v.Attachments[0].ID != upload.ID || *v.Attachments[0].Ticket != v.ID {
		t.Fatalf("the ticket is opened as %+v", v)
	}
	d.Admin.Assigns(t, v, "eve")

	secret := eve.Uploads(t, "notes.txt", []byte("he smokes"))
	note := program.Read[program.Comment](t, eve.Must(t, http.StatusCreated, "POST", "/api/comments/",
		object{"ticket": v.ID, "text": "See the file.", "internal": true, "attachments": []string{secret.ID}}))
	if len(note.Attachments) != 1 || note.Attachments[0].Comment == nil || *note.Attachments[0].Comment != note.ID {
		t.Errorf("the note is answered as %+v", note)
	}
	for who, want := range map[*program.Person][]string{bob: {"Drucker läuft.log"}, eve: {"Drucker läuft.log", "notes.txt"}, ida: {"Drucker läuft.log", "notes.txt"}} {
		var names []string
		for _, a := range program.Get[program.List[program.Attachment]](t, who, v.Path("attachments")).Results {
			names = append(names, a.Filename)
		}
		if strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("%s is shown %q, want %q", who.Username, names, want)
		}
		if seen := who.Sees(t, v); seen.AttachmentCount != len(want) || len(seen.Attachments) != 1 {
			t.Errorf("%s sees %d files, %d of the ticket's own", who.Username, seen.AttachmentCount, len(seen.Attachments))
		}
		if a := content(t, who, upload); a.Status != http.StatusOK || !bytes.Equal(a.Body, log) {
			t.Errorf("%s reads %d and %d bytes", who.Username, a.Status, len(a.Body))
		}
	}
	mal.Must(t, http.StatusNotFound, "GET", v.Path("attachments"), nil)
	for _, path := range []string{secret.Path(), secret.Path("content")} {
		bob.Must(t, http.StatusNotFound, "GET", path, nil)
		mal.Must(t, http.StatusNotFound, "GET", path, nil)
	}
	if seen := eve.Sees(t, v); len(seen.Comments) != 1 || len(seen.Comments[0].Attachments) != 1 {
		t.Errorf("the comments are %+v", seen.Comments)
	}
	if all := program.Get[program.List[program.Comment]](t, eve, "/api/comments/?ticket="+v.ID); len(all.Results[0].Attachments) != 1 {
		t.Errorf("the comments are listed as %+v", all.Results)
	}
}

func TestBytesAreReadInParts(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	b := noise(200_000)
	a := bob.Uploads(t, "noise", b)
	whole := content(t, bob, a)
	etag := whole.Header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Length": "200000", "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Disposition": `attachment; filename="noise"; filename*=UTF-8''noise`,
	} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(etag, `"`) || !bytes.Equal(whole.Body, b) {
		t.Errorf("ETag %s, %d bytes", etag, len(whole.Body))
	}
	for _, c := range []struct {
		header   []string
		status   int
		from, to int
	}{
		{[]string{"Range", "bytes=0-9"}, http.StatusPartialContent, 0, 10},
		{[]string{"Range", "bytes=65530-131080"}, http.StatusPartialContent, 65_530, 131_081},
		{[]string{"Range", "bytes=-5"}, http.StatusPartialContent, 199_995, 200_000},
		{[]string{"Range", "bytes=0-9", "If-Range", etag}, http.StatusPartialContent, 0, 10},
		{[]string{"Range", "bytes=0-9", "If-Range", `"other"`}, http.StatusOK, 0, 200_000},
		{[]string{"If-None-Match", etag}, http.StatusNotModified, 0, 0},
	} {
		if got := content(t, bob, a, c.header...); got.Status != c.status || !bytes.Equal(got.Body, b[c.from:c.to]) {
			t.Errorf("%v: %d and %d bytes", c.header, got.Status, len(got.Body))
		}
	}
	if got := content(t, bob, a, "Range", "bytes=0-1,5-6"); got.Status != http.StatusOK || !bytes.Equal(got.Body, b) {
		t.Errorf("several ranges: %d and %d bytes", got.Status, len(got.Body))
	}
	if got := content(t, bob, a, "Range", "bytes=200000-"); got.Status != http.StatusRequestedRangeNotSatisfiable ||
		got.Header.Get("Content-Type") != "application/problem+json" || got.Header.Get("Content-Range") != "bytes */200000" {
		t.Errorf("beyond its end: %d %v %s", got.Status, got.Header, got.Body)
	}
	if got := bob.Sends(t, "HEAD", a.Path("content"), nil); got.Status != http.StatusOK || got.Header.Get("Content-Length") != "200000" || len(got.Body) != 0 {
		t.Errorf("HEAD: %d %v", got.Status, got.Header)
	}
}

func TestOnlyWhatIsSafeIsShown(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	for name, c := range map[string]struct{ content, disposition string }{
		"a.txt": {"plain", "inline"}, "a.png": {"\x89PNG\r\n\x1a\n", "inline"}, "a.pdf": {"%PDF-1.7\n", "inline"},
		"a.svg": {`<svg xmlns="http://www.w3.org/2000/svg"/>`, "attachment"}, "a.html": {"<!DOCTYPE html><p>hello", "attachment"},
		"b.txt": {"<html><body>hello</body></html>", "attachment"}, "a.xml": {`<?xml version="1.0"?><a/>`, "attachment"},
	} {
		t.Run(name, func(t *testing.T) {
			a := bob.Uploads(t, name, []byte(c.content))
			got := bob.Must(t, http.StatusOK, "GET", a.Path("content")+"?inline=true", nil)
			if disposition := got.Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, c.disposition+";") {
				t.Errorf("%s, of type %s", disposition, got.Header.Get("Content-Type"))
			}
		})
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_ATTACHMENT_MAX=100000")
	bob, ida := d.Join(t, "bob", "user"), d.Join(t, "ida", "auditor")
	form := func(parts ...string) (body, kind string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, name := range parts {
			part, err := w.CreateFormFile(name, "a.txt")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(part, "hello")
		}
		_ = w.Close()
		return b.String(), w.FormDataContentType()
	}
	fine, kind := form("file")
	if a := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", fine, "Content-Type", kind)); a.Filename != "a.txt" || a.Size != 5 {
		t.Errorf("of a form: %+v", a)
	}
	two, kindTwo := form("file", "file")
	other, kindOther := form("other")
	none, kindNone := form()
	named := func(name string) string { return "attachment; filename=" + name }
	for name, c := range map[string]struct {
		body   any
		header []string
		status int
		code   string
	}{
		"too long":                  {make([]byte, 100_001), []string{"Content-Disposition", named("a")}, http.StatusRequestEntityTooLarge, "body_too_large"},
		"too long, length not said": {bytes.NewReader(make([]byte, 300_000)), []string{"Content-Disposition", named("a")}, http.StatusRequestEntityTooLarge, "body_too_large"},
		"of a kind that is blocked": {"MZ", []string{"Content-Disposition", named("a.exe")}, http.StatusUnprocessableEntity, "attachment_blocked"},
		"hidden behind another":     {"MZ", []string{"Content-Disposition", named("a.exe.txt")}, http.StatusUnprocessableEntity, "attachment_blocked"},
		"empty":                     {"", []string{"Content-Disposition", named("a")}, http.StatusBadRequest, "invalid_request"},
		"without a name":            {"hello", nil, http.StatusBadRequest, "invalid_request"},
		"two files":                 {two, []string{"Content-Type", kindTwo}, http.StatusBadRequest, "invalid_request"},
		"a part of another name":    {other, []string{"Content-Type", kindOther}, http.StatusBadRequest, "invalid_request"},
		"a form of nothing":         {none, []string{"Content-Type", kindNone}, http.StatusBadRequest, "invalid_request"},
		"a form without its end":    {fine[:len(fine)-30], []string{"Content-Type", kind}, http.StatusBadRequest, "unreadable_body"},
		"a form that is none":       {"hello", []string{"Content-Type", kind}, http.StatusBadRequest, "invalid_request"},
		"a form without boundaries": {fine, []string{"Content-Type", "multipart/form-data"}, http.StatusBadRequest, "malformed_form"},
	} {
		t.Run(name, func(t *testing.T) {
			a := bob.Sends(t, "POST", "/api/attachments/", c.body, append([]string{"Content-Type", "text/plain"}, c.header...)...)
			if code := problemCode(t, a); a.Status != c.status || code != c.code {
				t.Errorf("got %d %s, want %d %s", a.Status, a.Body, c.status, c.code)
			}
		})
	}
	ida.Must(t, http.StatusForbidden, "POST", "/api/attachments/", "hello", "Content-Disposition", named("a"))

	mine, other2 := bob.Uploads(t, "mine", []byte("1")), d.Join(t, "mal", "user").Uploads(t, "hers", []byte("2"))
	for name, ids := range map[string][]string{"another's": {mine.ID, other2.ID}, "none": {mine.ID, kit.NewID().String()}, "no id": {mine.ID, "x"}} {
		t.Run(name, func(t *testing.T) {
			a := bob.Must(t, http.StatusUnprocessableEntity, "POST", "/api/tickets/", program.Opening("No").With(object{"attachments": ids}))
			if !strings.Contains(string(a.Body), `"/attachments/1"`) || problemCode(t, a) != "unknown_reference" {
				t.Errorf("refused with %s", a.Body)
			}
		})
	}
	v := bob.Opens(t, "Yes", object{"attachments": []string{mine.ID}})
	bob.Must(t, http.StatusUnprocessableEntity, "POST", "/api/comments/", object{"ticket": v.ID, "text": "again", "attachments": []string{mine.ID}})
	if got := bob.Sees(t, v); got.CommentCount != 0 || got.Version != 2 {
		t.Errorf("a refused attachment leaves version %d and %d comments", got.Version, got.CommentCount)
	}
	first := bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", fine, "Content-Type", kind, "Idempotency-Key", "one")
	again := bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", fine, "Content-Type", kind, "Idempotency-Key", "one")
	if made := program.Read[program.Attachment](t, first); !bytes.Equal(first.Body, again.Body) || time.Since(made.CreatedAt) > time.Minute {
		t.Errorf("repeated %s is %s", first.Body, again.Body)
	}
	bob.Must(t, http.StatusUnprocessableEntity, "POST", "/api/attachments/", fine+"\n", "Content-Type", kind, "Idempotency-Key", "one")
}

func TestFilesAreRemovedAndErased(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+t.TempDir())
	bob, eve, ida := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	wrong, right := bob.Uploads(t, "pelican.txt", []byte("pelican")), bob.Uploads(t, "heron.txt", []byte("heron"))
	v := bob.Opens(t, "Birds", object{"attachments": []string{wrong.ID, right.ID}})
	d.Admin.Assigns(t, v, "eve")
	opened := time.Now()
	hers := eve.Uploads(t, "flamingo.txt", []byte("flamingo"))
	comment := program.Read[program.Comment](t, eve.Must(t, http.StatusCreated, "POST", "/api/comments/",
		object{"ticket": v.ID, "text": "Here.", "attachments": []string{hers.ID}}))

	eve.Must(t, http.StatusForbidden, "DELETE", wrong.Path(), nil)
	ida.Must(t, http.StatusForbidden, "DELETE", wrong.Path(), nil)
	d.Join(t, "mal", "user").Must(t, http.StatusNotFound, "DELETE", wrong.Path(), nil)
	bob.Must(t, http.StatusNoContent, "DELETE", wrong.Path(), nil)
	d.Admin.Must(t, http.StatusNotFound, "DELETE", wrong.Path(), nil)
	gone := program.Get[program.Attachment](t, bob, wrong.Path())
	if gone.ContentURL != nil || content(t, bob, wrong).Status != http.StatusNotFound {
		t.Errorf("removed it is %+v", gone)
	}
	if seen := bob.Sees(t, v); seen.AttachmentCount != 2 || len(seen.Attachments) != 2 || seen.Attachments[0].ContentURL != nil || seen.Attachments[1].ContentURL == nil {
		t.Errorf("the ticket has %d files: %+v", seen.AttachmentCount, seen.Attachments)
	}
	then := program.Get[program.Ticket](t, eve, v.Path()+"?as_of="+opened.UTC().Format("2006-01-02T15:04:05.000000Z"))
	if len(then.Attachments) != 2 || then.AttachmentCount != 2 || then.Attachments[0].ContentURL != nil {
		t.Errorf("then it had %+v", then.Attachments)
	}
	history := string(bob.Must(t, http.StatusOK, "GET", v.Path("history"), nil).Body)
	for _, want := range []string{"bob attached heron.txt.", "bob attached [withdrawn].", "bob removed the file [withdrawn]."} {
		if !strings.Contains(history, want) {
			t.Errorf("%q is not in %s", want, history)
		}
	}
	if strings.Contains(history, "pelican") {
		t.Error("the requester reads the name of a removed file")
	}
	eve.Must(t, http.StatusNoContent, "DELETE", comment.Path(), nil)
	bob.Must(t, http.StatusNotFound, "GET", hers.Path(), nil)
	bob.Must(t, http.StatusNotFound, "GET", hers.Path("content"), nil)

	d.Runs(t, "", "people", "erase", "bob", "--yes")
	if content(t, eve, right).Status != http.StatusNotFound {
		t.Error("what somebody who was erased brought can be read")
	}
	if seen := eve.Sees(t, v); len(seen.Attachments) != 2 || seen.Attachments[1].ContentURL != nil || seen.Attachments[1].Filename != "[erased]" {
		t.Errorf("the files of who was erased are %+v", seen.Attachments)
	}
	if n := kit.One[int](t, db.OwnerPool(t), `SELECT count(*) FROM uploads WHERE sealed_key IS NOT NULL`); n != 0 {
		t.Errorf("%d keys are left", n)
	}
	d.Runs(t, "", "attachments", "verify")
}

// problemCode returns the code of a refusal.
func problemCode(t *testing.T, a program.Answer) string {
	t.Helper()
	return program.Read[struct{ Code string }](t, a).Code
}

// sendFile fills in the form of a page that goes to a path, in parts and with a file of a
// name, and sends it.
func (v *visitor) sendFile(t *testing.T, want int, page, path, name, content string, fields ...string) (at, text string) {
	t.Helper()
	_, form, there := strings.Cut(page, `action="`+path+`"`)
	if !there {
		t.Fatalf("there is no form for %s: %s", path, page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range hidden.FindAllStringSubmatch(form, -1) {
		fields = append(fields, field[1], field[2])
	}
	for i := 0; i < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	part, err := w.CreateFormFile("files", name) // of no name: nothing was chosen
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, content)
	_ = w.Close()
	answer, err := v.Post(v.url+path, w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	shown, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Fatalf("%s: %d, %v, want %d: %s", path, answer.StatusCode, err, want, shown)
	}
	return answer.Request.URL.Path, string(shown)
}

func TestFilesComeWithTheFormsOfTheSite(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	site := visits(t, d, "bob")
	_, page := site.get(t, "/admin/tickets/new/")
	at, page := site.sendFile(t, http.StatusOK, page, "/admin/tickets/new/", "smoke.png", "\x89PNG\r\n\x1a\n", "title", "It smokes", "description", "See.", "priority", "low")
	mentions(t, page, "smoke.png", "<img", "It smokes")
	v := program.Get[program.List[program.Ticket]](t, bob, "/api/tickets/").Results[0]
	if v.AttachmentCount != 1 || !strings.Contains(at, fmt.Sprint(v.Number)) {
		t.Errorf("the ticket at %s is %+v", at, v)
	}
	reply := strings.TrimSuffix(at, "/") + "/comment/"
	_, page = site.sendFile(t, http.StatusOK, page, reply, "", "", "text", "No file at all.")
	mentions(t, page, "No file at all.")

	// What is refused keeps the text, and the files that were fine.
	_, page = site.sendFile(t, http.StatusBadRequest, page, reply, "one.txt", "one", "text", " ")
	mentions(t, page, "one.txt", `name="attachments"`)
	_, page = site.sendFile(t, http.StatusUnprocessableEntity, page, reply, "virus.exe", "MZ", "text", "Both of them.")
	mentions(t, page, "virus.exe", "are not taken", "Both of them.", "one.txt")
	_, page = site.sendFile(t, http.StatusOK, page, reply, "two.pdf", "%PDF-1.7\n", "text", "Both of them.")
	mentions(t, page, "Both of them.", "one.txt", "two.pdf", ">View</a>")
	d.Admin.Assigns(t, v, "eve")
	seen := eve.Sees(t, v)
	if last := seen.Comments[len(seen.Comments)-1]; len(seen.Comments) != 2 || len(last.Attachments) != 2 || last.Text != "Both of them." {
		t.Errorf("the conversation is %+v", seen.Comments)
	}

	// What was kept is attached once, however often the form is sent.
	_, page = site.get(t, "/admin/tickets/new/")
	_, page = site.sendFile(t, http.StatusBadRequest, page, "/admin/tickets/new/", "kept.txt", "kept", "title", " ", "description", "See.", "priority", "low")
	once, _ := site.send(t, page, "/admin/tickets/new/", "title", "Sent twice", "description", "See.", "priority", "low")
	if twice, _ := site.send(t, page, "/admin/tickets/new/", "title", "Sent twice", "description", "See.", "priority", "low"); twice != once {
		t.Errorf("sent twice it leads to %s and %s", once, twice)
	}

	smoke := seen.Attachments[0]
	_, page = site.submit(t, at, strings.TrimSuffix(at, "/")+"/files/", "file", smoke.ID)
	mentions(t, page, "File removed.", "[withdrawn] · removed")
	if content(t, bob, smoke).Status != http.StatusNotFound {
		t.Error("what was removed can be read")
	}
}
