package e2e

import (
	"archive/zip"
	"bytes"
	"image"
	_ "image/jpeg" // decodes
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// upload sends bytes under a name and an idempotency key.
func upload(t *testing.T, p *program.Person, key, disposition, content string) program.Answer {
	t.Helper()
	return p.Sends(t, "POST", "/api/attachments/", content,
		"Content-Type", "text/plain", "Content-Disposition", disposition, "Idempotency-Key", key)
}

// formOf returns the body of a form with one file.
func formOf(t *testing.T, name, content string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestARepeatedUploadIsOfTheSameBytes(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	const named = "attachment; filename=a.txt"
	first := upload(t, bob, "one", named, "heron")
	again := upload(t, bob, "one", named, "heron")
	if again.Status != http.StatusCreated || !bytes.Equal(first.Body, again.Body) || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("repeated %s is %d %s", first.Body, again.Status, again.Body)
	}
	for name, content := range map[string]string{"other bytes": "egret", "a beginning": "hero", "more": "herons"} {
		if a := upload(t, bob, "one", named, content); a.Status != http.StatusUnprocessableEntity || problemCode(t, a) != "idempotency_key_reused" {
			t.Errorf("%s are answered with %d %s", name, a.Status, a.Body)
		}
	}
	form, kind := formOf(t, "a.txt", "heron")
	made := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", form, "Content-Type", kind, "Idempotency-Key", "two"))
	form, kind = formOf(t, "a.txt", "heron") // with another boundary
	if a := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", form, "Content-Type", kind, "Idempotency-Key", "two")); a.ID != made.ID {
		t.Errorf("repeated it is %+v", a)
	}
	for name, content := range map[string]string{"a.txt": "egret", "b.txt": "heron"} {
		form, kind := formOf(t, name, content)
		bob.Must(t, http.StatusUnprocessableEntity, "POST", "/api/attachments/", form, "Content-Type", kind, "Idempotency-Key", "two")
	}

	// What is gone cannot be read, whoever repeats.
	bob.Opens(t, "Birds", object{"attachments": []string{made.ID}})
	bob.Must(t, http.StatusNoContent, "DELETE", made.Path(), nil)
	if a := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", form, "Content-Type", kind, "Idempotency-Key", "two")); a.ID != made.ID || a.ContentURL != nil {
		t.Errorf("once it is removed, a repeat is answered with %+v", a)
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	for name, disposition := range map[string]string{
		"a zero-width space behind":  "attachment; filename*=UTF-8''a.exe%E2%80%8B",
		"a word joiner within":       "attachment; filename*=UTF-8''a.e%E2%81%A0xe",
		"a selector in a plain name": "attachment; filename=\"a.exe\uFE0F\"",
		"a soft hyphen before":       "attachment; filename=\"a.\u00ADexe.txt\"",
		"dots behind":                `attachment; filename="a.exe..."`,
		"spaces and dots behind":     `attachment; filename="a.exe . ."`,
	} {
		t.Run(name, func(t *testing.T) {
			a := bob.Sends(t, "POST", "/api/attachments/", "MZ", "Content-Type", "text/plain", "Content-Disposition", disposition)
			if a.Status != http.StatusUnprocessableEntity || problemCode(t, a) != "attachment_blocked" {
				t.Errorf("it is answered with %d %s", a.Status, a.Body)
			}
		})
	}
	for disposition, want := range map[string]string{
		`attachment; filename="a%22b.txt"`:                              `a"b.txt`,
		`attachment; filename="a%0D%0Ab%0a.txt"`:                        "ab.txt",
		`attachment; filename="50%25 %41.txt"`:                          "50%25 %41.txt",
		`attachment; filename*=UTF-8''a%2522b.txt`:                      "a%22b.txt",
		`attachment; filename="plain%22"; filename*=UTF-8''a%2522b.txt`: "a%22b.txt",
	} {
		t.Run(disposition, func(t *testing.T) {
			a := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", "x", "Content-Type", "text/plain", "Content-Disposition", disposition))
			if a.Filename != want {
				t.Errorf("it is called %q, want %q", a.Filename, want)
			}
		})
	}
	form := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"\r\n\r\nx\r\n--b--\r\n"
	if a := program.Read[program.Attachment](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", form, "Content-Type", "multipart/form-data; boundary=b")); a.Filename != `a"b.txt` {
		t.Errorf("in a form it is called %q", a.Filename)
	}
}

func TestUploadsAreListedForWhoBroughtThem(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_DATA_DIR="+t.TempDir())
	bob, mal := d.Join(t, "bob", "user"), d.Join(t, "mal", "user")
	pelican, heron, egret := bob.Uploads(t, "pelican.txt", []byte("1")), bob.Uploads(t, "heron.txt", []byte("2")), bob.Uploads(t, "egret.txt", []byte("3"))
	mal.Uploads(t, "hers.txt", []byte("4"))
	bob.Opens(t, "Birds", object{"attachments": []string{heron.ID}})
	first := program.Get[program.List[program.Attachment]](t, bob, "/api/uploads/?page_size=1&count=true")
	if len(first.Results) != 1 || first.Results[0].ID != egret.ID || first.Count == nil || *first.Count != 2 || first.Results[0].CreatedBy.Username != "bob" {
		t.Fatalf("the newest is %+v", first)
	}
	second := program.Get[program.List[program.Attachment]](t, bob, *first.Next)
	if len(second.Results) != 1 || second.Results[0].ID != pelican.ID || second.Next != nil || second.Previous == nil {
		t.Errorf("then comes %+v", second)
	}
	bob.Must(t, http.StatusNoContent, "DELETE", pelican.Path(), nil)
	if left := program.Get[program.List[program.Attachment]](t, bob, "/api/uploads/"); len(left.Results) != 1 {
		t.Errorf("left are %+v", left)
	}

	at := filepath.Join(t.TempDir(), "bob.zip")
	d.Runs(t, "", "people", "export", "bob", "--out", at)
	if lines := zipped(t, at)["uploads.ndjson"]; !strings.Contains(lines, `"egret.txt"`) || strings.Count(lines, "\n") != 1 {
		t.Errorf("bob is handed of his uploads %s", lines)
	}
}

// zipped returns what the files of an archive hold.
func zipped(t *testing.T, path string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	held := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		held[f.Name] = string(b)
	}
	return held
}

func TestRangesThatAreNone(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	a := bob.Uploads(t, "a.txt", []byte("0123456789"))
	for header, want := range map[string]struct {
		status int
		body   string
		part   string // Content-Range
	}{
		"bytes=2-4":                         {http.StatusPartialContent, "234", "bytes 2-4/10"},
		"Bytes=2-4":                         {http.StatusPartialContent, "234", "bytes 2-4/10"},
		"bytes=8-99999999999999999999999":   {http.StatusPartialContent, "89", "bytes 8-9/10"},
		"bytes=-99999999999999999999999":    {http.StatusPartialContent, "0123456789", "bytes 0-9/10"},
		"bytes=4-2":                         {http.StatusOK, "0123456789", ""},
		"bytes=a-b":                         {http.StatusOK, "0123456789", ""},
		"bytes=":                            {http.StatusOK, "0123456789", ""},
		"bytes=-":                           {http.StatusOK, "0123456789", ""},
		"bytes=+1-2":                        {http.StatusOK, "0123456789", ""},
		"lines=1-2":                         {http.StatusOK, "0123456789", ""},
		"5":                                 {http.StatusOK, "0123456789", ""},
		"bytes=-0":                          {http.StatusRequestedRangeNotSatisfiable, "", "bytes */10"},
		"bytes=10-":                         {http.StatusRequestedRangeNotSatisfiable, "", "bytes */10"},
		"bytes=99999999999999999999999999-": {http.StatusRequestedRangeNotSatisfiable, "", "bytes */10"},
	} {
		got := content(t, bob, a, "Range", header)
		if got.Status != want.status || got.Header.Get("Content-Range") != want.part || want.body != "" && string(got.Body) != want.body {
			t.Errorf("%s: %d %q %s", header, got.Status, got.Header.Get("Content-Range"), got.Body)
		}
	}
	if got := bob.Sends(t, "HEAD", a.Path("content"), nil, "Range", "bytes=2-4"); got.Status != http.StatusOK || got.Header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d %v", got.Status, got.Header)
	}
}

func TestFilesOfADeletedTicketLeadNowhere(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	a := d.Admin.Uploads(t, "heron.txt", []byte("heron"))
	v := d.Admin.Opens(t, "Birds", object{"attachments": []string{a.ID}})
	c := d.Admin.Uploads(t, "egret.txt", []byte("egret"))
	d.Admin.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": v.ID, "text": "Look.", "attachments": []string{c.ID}})
	then := v.Path() + "?version=4"
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
	seen := program.Get[program.Ticket](t, d.Admin, then)
	if len(seen.Attachments) != 1 || seen.Attachments[0].ContentURL != nil || seen.Comments[0].Attachments[0].ContentURL != nil {
		t.Errorf("once it is deleted, there are %+v and %+v", seen.Attachments, seen.Comments)
	}
	_, page := visits(t, d, d.Admin.Username).get(t, "/admin/tickets/1/")
	if mentions(t, page, "heron.txt"); strings.Contains(page, a.Path("content")) {
		t.Error("the page of a deleted ticket links to its files")
	}
	d.Admin.Must(t, http.StatusOK, "POST", v.Path("restore"), nil)
	if seen := program.Get[program.Ticket](t, d.Admin, then); seen.Attachments[0].ContentURL == nil || seen.Comments[0].Attachments[0].ContentURL == nil {
		t.Errorf("once it is restored, there are %+v", seen.Attachments)
	}
}

func TestAFileOfASessionThatEndedIsToBeChosenAgain(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	v := bob.Opens(t, "It smokes")
	site := visits(t, d, "bob")
	at, page := site.get(t, "/admin/tickets/1/")
	d.Runs(t, "", "users", "deactivate", "bob")
	d.Runs(t, "", "users", "reactivate", "bob")
	reply := strings.TrimSuffix(at, "/") + "/comment/"
	_, page = site.sendFile(t, http.StatusUnauthorized, page, reply, "smoke.txt", "smoke", "text", "See the file.")
	mentions(t, page, "See the file.", "smoke.txt", "choose it again", `type="file"`)
	site = visits(t, d, "bob")
	_, page = site.sendFile(t, http.StatusOK, page, reply, "smoke.txt", "smoke", "text", "See the file.")
	mentions(t, page, "See the file.", "smoke.txt")
	if seen := d.Admin.Sees(t, v); len(seen.Comments) != 1 || len(seen.Comments[0].Attachments) != 1 {
		t.Errorf("it comes to %+v", seen.Comments)
	}
}

// photo returns a PNG of a size.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestThumbnailsOfImages(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	bob, mal := d.Join(t, "bob", "user"), d.Join(t, "mal", "user")
	a := bob.Uploads(t, "smoke.png", photo(t, 1000, 500))
	if a.ThumbnailURL == nil || *a.ThumbnailURL != a.Path("thumbnail") {
		t.Fatalf("the upload is %+v", a)
	}
	v := bob.Opens(t, "It smokes", object{"attachments": []string{a.ID}})
	for range 2 { // made, and kept
		got := bob.Must(t, http.StatusOK, "GET", *v.Attachments[0].ThumbnailURL, nil)
		if small, format, err := image.DecodeConfig(bytes.NewReader(got.Body)); err != nil || small.Width != 320 || small.Height != 160 || got.Header.Get("Content-Type") != "image/"+format {
			t.Errorf("it is %+v, %s %s, %v", small, format, got.Header.Get("Content-Type"), err)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache", "Content-Security-Policy": "sandbox; default-src 'none'",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s is %q", name, got.Header.Get(name))
			}
		}
		if again := bob.Sends(t, "GET", a.Path("thumbnail"), nil, "If-None-Match", got.Header.Get("ETag")); again.Status != http.StatusNotModified {
			t.Errorf("once it is known: %d", again.Status)
		}
	}
	mal.Must(t, http.StatusNotFound, "GET", a.Path("thumbnail"), nil)
	for name, b := range map[string][]byte{"a.txt": []byte("text"), "broken.png": photo(t, 100, 100)[:60], "large.png": photo(t, 8000, 5001), "a.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)} {
		for range 2 {
			bob.Must(t, http.StatusNotFound, "GET", bob.Uploads(t, name, b).Path("thumbnail"), nil)
		}
	}
	bob.Must(t, http.StatusNoContent, "DELETE", a.Path(), nil)
	bob.Must(t, http.StatusNotFound, "GET", a.Path("thumbnail"), nil)
	if gone := program.Get[program.Attachment](t, bob, a.Path()); gone.ThumbnailURL != nil {
		t.Errorf("removed it is %+v", gone)
	}
	if n := kit.One[int](t, db.OwnerPool(t), `SELECT count(*) FROM uploads WHERE sealed_thumbnail IS NOT NULL AND doomed_at IS NOT NULL`); n != 0 {
		t.Errorf("%d thumbnails are left of what was removed", n)
	}
}
