package eventstore

import "testing"

func heard(rung <-chan struct{}) bool {
	select {
	case <-rung:
		return true
	default:
		return false
	}
}

func TestEveryListenerHearsTheBellOnce(t *testing.T) {
	b := NewBell()
	b.Ring() // nobody listens yet
	first, stopFirst := b.Listen()
	second, stopSecond := b.Listen()
	defer stopSecond()
	if heard(first) {
		t.Error("heard from before listening")
	}
	for range 3 { // nobody has looked in between
		b.Ring()
	}
	for name, rung := range map[string]<-chan struct{}{"first": first, "second": second} {
		if !heard(rung) {
			t.Errorf("the %s listener did not hear it", name)
		}
		if heard(rung) {
			t.Errorf("the %s listener heard it twice", name)
		}
	}
	stopFirst()
	stopFirst() // which is allowed
	b.Ring()
	if heard(first) || !heard(second) {
		t.Error("want it heard by the one who still listens alone")
	}
}
