package program

import "testing"

func TestOneOfManyIsOne(t *testing.T) {
	for n, want := range map[int]string{0: "0 emails", 1: "1 email", 2: "2 emails"} {
		if got := Counted(n, "emails"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
