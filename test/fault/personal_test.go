package fault

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/internal/localpg"
	"helpdesk/test/program"
)

// TestWhatIsLeftOfSomebodyErased looks into every file of the data folder but those
// of Postgres's tables and of its log of writes, which docs/operations.md tells of.
func TestWhatIsLeftOfSomebodyErased(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	env := []string{"HELPDESK_DATA_DIR=" + dir}
	p := program.Serve(t, env...)
	register := map[string]string{"username": "gudrun", "email": "gudrun.brynhild@example.com", "password": program.Secret}
	c := p.Client(t)
	c.Must(t, http.StatusCreated, "POST", "/api/register/", register)
	register["username"] = "another"
	c.Must(t, http.StatusConflict, "POST", "/api/register/", register)
	gudrun := p.SignIn(t, "gudrun")
	gudrun.Must(t, http.StatusCreated, "POST", "/api/tickets/", map[string]string{"title": "Broken quicksilver", "description": "It spilled."})
	gudrun.Must(t, http.StatusOK, "GET", "/api/tickets/?q=quicksilver&title=gudrun.brynhild", nil)
	program.Must(t, "", env, "people", "erase", "gudrun", "--yes")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}

	looked := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || inTables(dir, path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, word := range []string{"gudrun", "brynhild", "quicksilver"} {
			if at := bytes.Index(bytes.ToLower(text), []byte(word)); at >= 0 {
				t.Errorf("%s holds %q: %s", path, word, text[max(at-200, 0):min(at+200, len(text))])
			}
		}
		return nil
	})
	if err != nil || looked < 5 {
		t.Errorf("looked into %d files, %v", looked, err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "pg", "postgres.log"))
	if err != nil || !strings.Contains(string(log), "accounts_email") {
		t.Errorf("the log of %s does not tell that an address was taken: %v", localpg.Database, err)
	}
}

// inTables reports whether a file is one of Postgres's tables or of its log of writes.
func inTables(dir, path string) bool {
	within, err := filepath.Rel(filepath.Join(dir, "pg", "data"), path)
	return err == nil && (strings.HasPrefix(within, "base/") || strings.HasPrefix(within, "pg_wal/"))
}
