package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// TestAnAddressIsNobodyElsesName tries to pass for ada by a name that looks like hers.
func TestAnAddressIsNobodyElsesName(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada := d.Join(t, "ada", "user")
	for _, name := range []string{"ada@example.com", "\u0430da", "ad\u03b1"} { // Cyrillic a, Greek alpha
		body := program.Registration("mallory")
		body["username"] = name
		answer := d.Client(t).Must(t, http.StatusBadRequest, "POST", "/api/register/", body)
		if !strings.Contains(string(answer.Body), "one script") && !strings.Contains(string(answer.Body), "several scripts") {
			t.Errorf("%q: %s", name, answer.Body)
		}
	}
	v := d.Admin.Opens(t, "Printer", object{"created_by": "Ada@Example.com"})
	if got := ada.Sees(t, v); got.CreatedBy.Username != "ada" {
		t.Errorf("the ticket is of %q", got.CreatedBy.Username)
	}
	d.Admin.Must(t, http.StatusUnprocessableEntity, "POST", "/api/tickets/", program.Opening("x").With(object{"created_by": "ada@example.net"}))
	row := `{"title": "Old", "description": "x", "priority": "low", "created_by": "ada@example.com", "occurred_at": "2020-01-01T00:00:00Z", "status": "closed"}`
	file := filepath.Join(t.TempDir(), "old.ndjson")
	if err := os.WriteFile(file, []byte(row+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Runs(t, "", "tickets", "import", file)
	if got := program.Get[program.List[program.Ticket]](t, ada, "/api/tickets/?title=Old"); len(got.Results) != 1 {
		t.Errorf("ada has %d of the imported tickets, want 1", len(got.Results))
	}
	d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("ada").With(object{"username": "ADA@example.com"}))
}
