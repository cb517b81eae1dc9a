package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLongPathsGetASocketElsewhere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newDir(t), strings.Repeat("long", 20), strings.Repeat("path", 20))
	s := start(t, dir)
	t.Cleanup(func() {
		if err := Discard(dir); err != nil {
			t.Error(err)
		}
	})
	writeNote(t, s)
	if len(s.socketDir) > maxSocketDir {
		t.Errorf("the socket's folder %s is longer than %d", s.socketDir, maxSocketDir)
	}
	stop(t, s)
	if _, err := os.Stat(s.socketDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder after Stop: %v, want none", err)
	}

	if err := os.Mkdir(s.socketDir, 0o777); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(s.socketDir)
	if err := os.Chmod(s.socketDir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := Start(t.Context(), testConfig(t, dir)); err == nil {
		stop(t, got)
		t.Error("a socket folder open to all was taken")
	}
}
