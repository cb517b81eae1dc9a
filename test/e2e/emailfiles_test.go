package e2e

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-message"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// enclosed returns the text of an email, and its files by their names.
func enclosed(t *testing.T, l mailserver.Email) (text string, files map[string][]byte) {
	t.Helper()
	e, err := message.Read(strings.NewReader(l.Content))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	err = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, _ := part.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		body, err := io.ReadAll(part.Body)
		if _, named, _ := part.Header.ContentDisposition(); named["filename"] != "" {
			files[named["filename"]] = body
		} else if kind == "text/plain" {
			text = string(body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, files
}

func TestFilesGoWithEmails(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	back := away(server)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_RETRY_MIN=200ms", "HELPDESK_PUBLIC_URL=https://desk.example.com")
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent").WantsNoEmails(t)
	v := bob.Opens(t, "It smokes")
	d.Admin.Assigns(t, v, "eve")
	large, fits := noise(6<<20), noise(4<<20)
	ids := []string{
		eve.Uploads(t, "Drucker läuft.bin", large).ID, eve.Uploads(t, "second.bin", noise(5<<20)).ID,
		eve.Uploads(t, "third.bin", fits).ID, eve.Uploads(t, "wrong.txt", []byte("salaries")).ID,
	}
	eve.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": v.ID, "text": "Look.", "attachments": ids})
	secret := eve.Uploads(t, "secret.txt", []byte("secret"))
	eve.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": v.ID, "text": "A note.", "internal": true, "attachments": []string{secret.ID}})
	kit.Poll(t, "the email to wait", func() bool { return strings.Contains(strings.Join(ledger(t, d), "\n"), "queued") })
	eve.Must(t, http.StatusNoContent, "DELETE", "/api/attachments/"+ids[3]+"/", nil)
	back()
	kit.Poll(t, "the email", func() bool { return len(server.Taken()) == 1 })
	text, files := enclosed(t, server.Taken()[0])
	if len(files) != 2 || !bytes.Equal(files["Drucker läuft.bin"], large) || !bytes.Equal(files["third.bin"], fits) {
		t.Errorf("with it go %d files", len(files))
	}
	for _, want := range []string{
		"second.bin is too large for an email. Sign in to read it: https://desk.example.com/admin/tickets/1/", "wrong.txt was removed.",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), want) {
			t.Errorf("the email lacks %q:\n%s", want, text)
		}
	}
}
