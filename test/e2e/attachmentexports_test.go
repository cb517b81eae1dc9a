package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// handed is a line of a manifest of files.
type handed struct {
	ID       string
	Filename string
	Size     int64
	Digest   string
	State    string
	File     string
	SHA256   string
}

// manifestOf returns the lines of a manifest by their ids.
func manifestOf(t *testing.T, text string) map[string]handed {
	t.Helper()
	all := map[string]handed{}
	for line := range strings.Lines(text) {
		var h handed
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[h.ID] = h
	}
	return all
}

func TestAPersonIsHandedWhatIsInTheirFiles(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+t.TempDir())
	bob := d.Join(t, "bob", "user")
	large := noise(3 << 20)
	a, b := bob.Uploads(t, "Pelikan ß.bin", large), bob.Uploads(t, "heron.txt", []byte("heron"))
	lost, loose := bob.Uploads(t, "lost.txt", []byte("lost")), bob.Uploads(t, "loose.txt", []byte("loose"))
	v := bob.Opens(t, "Birds", object{"attachments": []string{a.ID, b.ID, lost.ID}})
	bob.Must(t, http.StatusNoContent, "DELETE", b.Path(), nil)
	deleted := bob.Uploads(t, "deleted.txt", []byte("deleted"))
	d.Admin.Must(t, http.StatusNoContent, "DELETE", bob.Opens(t, "Deleted", object{"attachments": []string{deleted.ID}}).Path(), nil)
	hers := d.Admin.Uploads(t, "hers.txt", []byte("hers"))
	d.Admin.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": v.ID, "text": "Look.", "attachments": []string{hers.ID}})
	if _, err := db.OwnerPool(t).Exec(t.Context(), `DELETE FROM blobs.blobs WHERE id = $1`, lost.ID); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "bob.zip")
	d.Runs(t, "", "people", "export", "bob", "--out", at)
	held := zipped(t, at)
	manifest := manifestOf(t, held["attachments/manifest.ndjson"])
	for id, content := range map[string]string{a.ID: string(large), loose.ID: "loose", deleted.ID: "deleted"} {
		line, sum := manifest[id], sha256.Sum256([]byte(content))
		if line.State != "here" || held["attachments/"+line.File] != content || line.SHA256 != hex.EncodeToString(sum[:]) || line.Size != int64(len(content)) {
			t.Errorf("of %s he is handed %+v", id, line)
		}
	}
	if manifest[a.ID].File != a.ID+"/Pelikan ß.bin" || manifest[b.ID].State != "removed" || manifest[lost.ID].State != "missing" || len(manifest) != 5 {
		t.Errorf("the manifest is %+v", manifest)
	}
	if !strings.Contains(held["README.txt"], "attachments/") {
		t.Errorf("the files are explained as %s", held["README.txt"])
	}
}

func TestAnExportOfTheLogHasTheFiles(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_DATA_DIR="+t.TempDir())
	bob, mal := d.Join(t, "bob", "user"), d.Join(t, "mal", "user")
	large := bob.Uploads(t, "noise", noise(500_000))
	removed, erased := bob.Uploads(t, "pelican.txt", []byte("pelican")), mal.Uploads(t, "heron.txt", []byte("heron"))
	bob.Opens(t, "Birds", object{"attachments": []string{large.ID, removed.ID}})
	mal.Opens(t, "More birds", object{"attachments": []string{erased.ID}})
	bob.Must(t, http.StatusNoContent, "DELETE", removed.Path(), nil)
	head := position(t, d.Admin.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"last_name": "Last"}))
	waitSigned(t, d.Admin.Client, head)

	dir := filepath.Join(t.TempDir(), "log")
	if said := d.Runs(t, "", "audit", "export", "--out", dir); strings.Contains(said, "bytes") {
		t.Errorf("unasked it says %s", said)
	}
	if said := d.Runs(t, "", "audit", "export", "--out", dir, "--with-attachments"); !strings.Contains(said, "Files: 2 with their bytes. Removed: 1. Erased: 0. Missing or altered: 0.") {
		t.Errorf("it says %s", said)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	manifest := manifestOf(t, read("attachments.ndjson"))
	bytes := read(manifest[large.ID].File)
	if sum := sha256.Sum256([]byte(bytes)); manifest[large.ID].Digest != hex.EncodeToString(sum[:]) || len(bytes) <= 500_000 || manifest[removed.ID].State != "removed" || manifest[removed.ID].File != "" {
		t.Errorf("the manifest is %+v", manifest)
	}
	if said := d.Runs(t, "", "audit", "verify", dir); !strings.Contains(said, "Files: 2 are as they were attached. Removed: 1.") {
		t.Errorf("verified it says %s", said)
	}

	// What is erased meanwhile goes from the export when it is completed.
	gone := filepath.Join(dir, manifest[erased.ID].File)
	d.Runs(t, "", "people", "erase", "mal", "--yes")
	if said := d.Runs(t, "", "audit", "export", "--out", dir); !strings.Contains(said, "Files: 1 with their bytes. Removed: 1. Erased: 1.") {
		t.Errorf("completed it says %s", said)
	}
	if _, err := os.Stat(gone); !os.IsNotExist(err) {
		t.Errorf("the bytes of who was erased are there: %v", err)
	}
	d.Runs(t, "", "audit", "verify", dir)

	if err := os.WriteFile(filepath.Join(dir, manifest[large.ID].File), []byte(bytes[1:]), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, stderr, err := program.Run(t.Context(), t, "", d.Env, "audit", "verify", dir); err == nil || !strings.Contains(stderr, large.ID) || !strings.Contains(out, "Missing or altered: 1.") {
		t.Errorf("altered, it is verified: %v %s%s", err, out, stderr)
	}
}
