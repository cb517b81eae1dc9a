package fault

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"helpdesk/test/program"
)

// TestADiskThatIsFull fills the file system of the embedded Postgres, where this
// process may mount one of its own.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=300m,mode=0711"); err != nil {
		t.Skipf("no file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	person := signUp(t, p, 1)[0]
	body := map[string]string{"title": "One", "description": strings.Repeat("It smokes. ", 1000)}
	person.Must(t, http.StatusCreated, "POST", "/api/tickets/", body)

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	refused := ""
	for try := 0; refused == "" && try < 500; try++ { // what is free within the files is written to first
		began := time.Now()
		a, err := person.Do(t.Context(), "POST", "/api/tickets/", body)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status == http.StatusServiceUnavailable {
			if refused = string(a.Body); time.Since(began) > 10*time.Second {
				t.Errorf("the refusal took %v", time.Since(began))
			}
		}
	}
	if !strings.Contains(refused, "disk_full") {
		t.Errorf("a write: got %s, want disk_full", refused)
	}
	eventually(t, "not ready", func(ctx context.Context) bool {
		a, err := person.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Body), "disk")
	})
	if !strings.Contains(p.Log(), "the disk of the database is full") {
		t.Errorf("the log does not say so:\n%s", p.Log())
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	person.Must(t, http.StatusCreated, "POST", "/api/tickets/", body)
	eventually(t, "ready again", func(ctx context.Context) bool {
		a, err := person.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK
	})
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		err = nil
	}
}
