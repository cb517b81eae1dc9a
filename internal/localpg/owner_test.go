package localpg

import (
	"errors"
	"syscall"
	"testing"
)

func TestLockIsFreeThoughAForkedChildHasItsFileOpen(t *testing.T) {
	t.Parallel()
	l := layoutAt(t.TempDir())
	lock, err := l.acquire()
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := syscall.Dup(int(lock.Fd())) // what a fork does with every open file
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	if _, err := l.acquire(); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one gets %v, want ErrInUse", err)
	}
	if err := unlock(lock); err != nil {
		t.Fatal(err)
	}
	again, err := l.acquire()
	if err != nil {
		t.Fatalf("after it was given up: %v", err)
	}
	if err := unlock(again); err != nil {
		t.Error(err)
	}
}
