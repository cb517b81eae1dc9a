package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWhatCannotBeUsedHasNoSubstitute(t *testing.T) {
	t.Parallel()
	file := filepath.Join(newDir(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Start(t.Context(), testConfig(t, file)); !errors.Is(err, ErrDataDir) {
		if err == nil {
			stop(t, s)
		}
		t.Errorf("got %v, want %v", err, ErrDataDir)
	}
	if _, err := os.Stat(movedFrom(file).dir); err == nil {
		t.Errorf("%s was made", movedFrom(file).dir)
	}
}

func TestAttachMakesNoServerWhereNoneIsToBe(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, filepath.Join(newDir(t), "wrong"))
	cfg.Existing = true
	if _, err := Attach(t.Context(), cfg); !errors.Is(err, ErrNoServer) {
		t.Errorf("got %v, want %v", err, ErrNoServer)
	}
	if _, err := os.Stat(cfg.DataDir); err == nil {
		t.Errorf("%s was made", cfg.DataDir)
	}
	if err := os.MkdirAll(filepath.Join(cfg.DataDir, "pg"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.DataDir, "pg", "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(t.Context(), cfg); !errors.Is(err, ErrNoServer) {
		t.Errorf("after a first start that was cut short: got %v, want %v", err, ErrNoServer)
	}
}
