package edge

import (
	"fmt"
	"testing"
	"time"
)

// guesses makes wrong guesses at alice's password from an address and returns how many
// passwords are looked at.
func guesses(l Limits, n int, address string) (looked int) {
	for range n {
		if _, err := l.Guess("alice", address); err == nil {
			looked++
		}
	}
	return looked
}

// TestOthersGuessesKeepNobodyOut counts passwords that are looked at, each of which is
// a hash.
func TestOthersGuessesKeepNobodyOut(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	front := func() Limits { return newLimits(1200, func() time.Time { return at }) }
	right := func(t *testing.T, l Limits, name, address string) {
		t.Helper()
		succeeded, err := l.Guess(name, address)
		if err != nil {
			t.Fatalf("the right password from %s: %v", address, err)
		}
		succeeded()
	}
	const home = "198.51.100.7"
	t.Run("an address has few, which are not its neighbour's", func(t *testing.T) {
		l := front()
		if looked := guesses(l, 3*FailuresPerPlace, "198.51.100.8"); looked != FailuresPerPlace {
			t.Errorf("%d passwords were looked at for one address, want %d", looked, FailuresPerPlace)
		}
		right(t, l, "alice", home)
	})
	t.Run("so has a network of 64 bits of IPv6", func(t *testing.T) {
		l := front()
		if looked := guesses(l, 3*FailuresPerPlace, "2001:db8:1:1::/64"); looked != FailuresPerPlace {
			t.Errorf("%d passwords were looked at for one address, want %d", looked, FailuresPerPlace)
		}
		right(t, l, "alice", "2001:db8:1:2::/64")
	})
	t.Run("all neighbours have not many, but where somebody got in", func(t *testing.T) {
		l := front()
		right(t, l, "alice", home)
		for i := range 256 {
			if address := fmt.Sprintf("198.51.100.%d", i); address != home {
				guesses(l, 3, address)
			}
		}
		right(t, l, "alice", home)
	})
	t.Run("a network has not many", func(t *testing.T) {
		l := front()
		looked := 0
		for i := range 256 {
			looked += guesses(l, 3, fmt.Sprintf("203.0.113.%d", i))
		}
		if looked != FailuresPerNetwork {
			t.Errorf("%d passwords were looked at for one network, want %d", looked, FailuresPerNetwork)
		}
		right(t, l, "Alice ", home)
	})
	t.Run("so has a network of 48 bits of IPv6", func(t *testing.T) {
		l := front()
		looked := 0
		for i := range 256 {
			looked += guesses(l, 3, fmt.Sprintf("2001:db8:1:%x::/64", i))
		}
		if looked != FailuresPerNetwork {
			t.Errorf("%d passwords were looked at for one network, want %d", looked, FailuresPerNetwork)
		}
	})
	t.Run("all networks have not many, but where somebody got in", func(t *testing.T) {
		l := front()
		right(t, l, "alice", home)
		looked := 0
		for i := range 100 {
			looked += guesses(l, 2*FailuresPerPlace, fmt.Sprintf("203.0.%d.1", i))
		}
		if looked != FailuresPerName {
			t.Errorf("%d passwords were looked at for one name, want %d", looked, FailuresPerName)
		}
		right(t, l, "alice", home)
		if looked := guesses(l, 2*FailuresPerPlace, home); looked != FailuresPerPlace {
			t.Errorf("%d passwords were looked at from home, want %d", looked, FailuresPerPlace)
		}
	})
	t.Run("an address has not many names", func(t *testing.T) {
		l := front()
		looked := 0
		for i := range 3 * FailuresPerAddress {
			if _, err := l.Guess(fmt.Sprint("name", i), home); err == nil {
				looked++
			}
		}
		if looked != FailuresPerAddress {
			t.Errorf("%d passwords were looked at for one address, want %d", looked, FailuresPerAddress)
		}
	})
}

func TestWhereSomebodyGotInIsForgotten(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f := newFamiliar(func() time.Time { return at })
	for i := range maxFamiliar + 10 {
		f.add(fmt.Sprint(i))
	}
	if len(f.until) > maxFamiliar || !f.has(fmt.Sprint(maxFamiliar+9)) {
		t.Errorf("%d are remembered", len(f.until))
	}
	if at = at.Add(familiarFor); f.has(fmt.Sprint(maxFamiliar + 9)) {
		t.Error("it is remembered for ever")
	}
}
