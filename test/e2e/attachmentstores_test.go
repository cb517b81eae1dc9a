package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestTheStreamTellsOfFilesAsItTellsOfComments(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	his := bob.Uploads(t, "pelican.txt", []byte("1"))
	v := bob.Opens(t, "Birds", object{"attachments": []string{his.ID}})
	d.Admin.Assigns(t, v, "eve")
	secret := eve.Uploads(t, "heron.txt", []byte("2"))
	eve.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": v.ID, "text": "A note.", "internal": true, "attachments": []string{secret.ID}})
	eve.Must(t, http.StatusNoContent, "DELETE", secret.Path(), nil)
	last := eve.Comments(t, v, "Cormorant.", false)
	for who, want := range map[*program.Person]string{
		bob: "pelican.txt", eve: "pelican.txt heron.txt removed",
	} {
		told := followed(t, who, last.ID)
		got := ""
		for _, e := range told {
			switch e.Type {
			case "ticket.attachment_added":
				got += " " + e.Data.Filename
			case "ticket.attachment_removed":
				got += " removed"
			}
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s is told of %q, want %q", who.Username, got, want)
		}
	}
}

// toldOf is an event of the stream, as far as it is about comments and files.
type toldOf struct {
	Type string
	Data struct {
		CommentID string `json:"comment_id"`
		Filename  string
	}
}

// followed reads the stream of somebody from its beginning to the event that adds a comment.
func followed(t *testing.T, who *program.Person, comment string) (told []toldOf) {
	t.Helper()
	stream, err := who.Begin(t.Context(), "GET", "/api/events/stream/?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e toldOf
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		told = append(told, e)
		if e.Type == "ticket.comment_added" && e.Data.CommentID == comment {
			return told
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return nil
}

func TestFilesMoveAndDamageIsTold(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	bob := d.Join(t, "bob", "user")
	a, b := bob.Uploads(t, "a", noise(100_000)), bob.Uploads(t, "b", []byte("b"))
	bob.Opens(t, "Files", object{"attachments": []string{a.ID, b.ID}})
	folder := "file://" + t.TempDir()
	d.Runs(t, "", "attachments", "move", folder)
	there := append(slices.Clone(d.Env), "HELPDESK_BLOBS_URL="+folder)
	for name, args := range map[string][]string{"onto themselves": {folder + "/", "--remove"}, "nowhere": {"ftp://example.com/"}} {
		if out, _, err := program.Run(t.Context(), t, "", there, append([]string{"attachments", "move"}, args...)...); err == nil {
			t.Errorf("they move %s: %s", name, out)
		}
	}
	if out, stderr, err := program.Run(t.Context(), t, "", there, "attachments", "verify"); err != nil || !strings.Contains(out, "Sound: 2.") {
		t.Errorf("there they are %s%s, %v", out, stderr, err)
	}
	owner := db.OwnerPool(t)
	if _, err := owner.Exec(t.Context(), `DELETE FROM blobs.blobs`); err != nil {
		t.Fatal(err)
	}
	if out, stderr, err := program.Run(t.Context(), t, "", there, "attachments", "move", "database"); err != nil || !strings.Contains(out, "2 files are in the new store") {
		t.Errorf("back they go %s%s, %v", out, stderr, err)
	}
	d.Runs(t, "", "attachments", "verify")

	if _, err := owner.Exec(t.Context(), `UPDATE blobs.chunks SET bytes = set_byte(bytes, 20, 1 # get_byte(bytes, 20)) WHERE id = $1`, b.ID); err != nil {
		t.Fatal(err)
	}
	if got := content(t, bob, b); got.Status != http.StatusInternalServerError {
		t.Errorf("altered it reads %d %q", got.Status, got.Body)
	}
	kit.Poll(t, "the log names it", func() bool { return strings.Contains(d.Log(), "read blob "+b.ID) })
	if out, stderr, err := program.Run(t.Context(), t, "", d.Env, "attachments", "verify"); err == nil || !strings.Contains(out+stderr, b.ID) || !strings.Contains(out, "Missing or altered: 1.") {
		t.Errorf("verified: %s%s, %v", out, stderr, err)
	}
}
