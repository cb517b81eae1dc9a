package eventstore

import (
	"testing"
	"time"
)

func TestOnlyOldCommandIDsAreForgotten(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	a := opening(newID(t))
	a.CommandID = newID(t)
	l.mustAppend(t, a)
	for _, c := range []struct {
		age     time.Duration
		removed int64
		carried bool
	}{
		{time.Hour, 0, true},
		{0, 1, false},
	} {
		removed, err := l.forgetOnce(testContext(t), c.age)
		if err != nil || removed != c.removed {
			t.Errorf("older than %v: removed %d, %v, want %d", c.age, removed, err, c.removed)
		}
		if carried, err := l.Carried(testContext(t), a.CommandID); err != nil || carried != c.carried {
			t.Errorf("older than %v: carried %v, %v, want %v", c.age, carried, err, c.carried)
		}
	}
}
