package eventstore

import "testing"

func heard(woken <-chan struct{}) bool {
	select {
	case <-woken:
		return true
	default:
		return false
	}
}

func TestEveryListenerIsNotifiedOnce(t *testing.T) {
	b := NewNotifier()
	b.Notify() // nobody listens yet
	first, stopFirst := b.Listen()
	second, stopSecond := b.Listen()
	defer stopSecond()
	if heard(first) {
		t.Error("heard from before listening")
	}
	for range 3 { // nobody has looked in between
		b.Notify()
	}
	for name, woken := range map[string]<-chan struct{}{"first": first, "second": second} {
		if !heard(woken) {
			t.Errorf("the %s listener did not hear it", name)
		}
		if heard(woken) {
			t.Errorf("the %s listener heard it twice", name)
		}
	}
	stopFirst()
	stopFirst() // which is allowed
	b.Notify()
	if heard(first) || !heard(second) {
		t.Error("want it heard by the one who still listens alone")
	}
}

func TestWhoWaitsForSomeEventsIsToldOfTheOthersApart(t *testing.T) {
	b := NewNotifier()
	some, others, stop := b.ListenFor([]string{"a", "b"})
	defer stop()
	every, none, stopEvery := b.ListenFor(nil)
	defer stopEvery()
	plain, stopPlain := b.Listen()
	defer stopPlain()
	for name, c := range map[string]struct {
		types []string
		own   bool
	}{
		"an event it waits for":                 {[]string{"b"}, true},
		"an event it waits for, and another":    {[]string{"c", "a"}, true},
		"events of no interest":                 {[]string{"c", "d"}, false},
		"nobody knows which, so it may be its":  {nil, true},
		"an event whose name only begins alike": {[]string{"ab"}, false},
	} {
		b.NotifyOf(c.types)
		if got := heard(some); got != c.own {
			t.Errorf("%s: woken %v, want %v", name, got, c.own)
		}
		if got := heard(others); got == c.own {
			t.Errorf("%s: told apart %v, want %v", name, got, !c.own)
		}
		if !heard(every) || heard(none) || !heard(plain) {
			t.Errorf("%s: not heard by those who wait for anything", name)
		}
	}
}
