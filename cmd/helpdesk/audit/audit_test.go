package audit

import "testing"

func TestWhatIsNotSignedYetIsCounted(t *testing.T) {
	for _, c := range []struct {
		events, untreed int64
		want            string
	}{
		{3, 2, "The newest 3 events are not signed yet; the newest 2 are not in the tree yet. A running service signs them within seconds: verify again then."},
		{3, 0, "The newest 3 events are not signed yet; all of them are in the tree. A running service signs them within seconds: verify again then."},
	} {
		if got := unsigned(c.events, c.untreed); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
