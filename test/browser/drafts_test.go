//go:build browser

package browser

import (
	"fmt"
	"testing"
)

// TestADraftIsOfOnePersonTicketAndSession types, goes away and comes back, in one tab.
func TestADraftIsOfOnePersonTicketAndSession(t *testing.T) {
	s := open(t)
	one, two := s.opens(t, "user", "First", "low"), s.opens(t, "user", "Second", "low")
	b := newTab(t, s.URL)
	box := func(ticket int64) string {
		t.Helper()
		b.open(t, fmt.Sprintf("/admin/tickets/%d/", ticket))
		return evaluate[string](t, b, "document.querySelector('#reply-text').value")
	}
	b.signIn(t, "user")
	box(one)
	evaluate[bool](t, b, "document.querySelector('#reply-text').focus(), true")
	b.types(t, "of the user")
	for ticket, want := range map[int64]string{one: "of the user", two: ""} {
		if got := box(ticket); got != want {
			t.Errorf("ticket %d has the draft %q, want %q", ticket, got, want)
		}
	}
	for _, who := range []string{"admin", "user"} {
		evaluate[bool](t, b, "document.querySelector('form[action=\"/admin/sign-out/\"]').requestSubmit(), true")
		b.until(t, "signed out", "location.pathname === '/admin/sign-in/' && document.readyState === 'complete'")
		b.signIn(t, who)
		if got := box(one); got != "" {
			t.Errorf("%s, who signed in next, has the draft %q", who, got)
		}
	}
}

// TestADraftStaysUntilAPageShowsThatItWentThrough submits a reply whose request is lost,
// and then one that arrives.
func TestADraftStaysUntilAPageShowsThatItWentThrough(t *testing.T) {
	s := open(t)
	one := s.opens(t, "user", "First", "low")
	b := newTab(t, s.URL)
	b.signIn(t, "user")
	at := fmt.Sprintf("/admin/tickets/%d/", one)
	box := func() string {
		t.Helper()
		b.open(t, at)
		return evaluate[string](t, b, "document.querySelector('#reply-text').value")
	}
	box()
	evaluate[bool](t, b, "document.querySelector('#reply-text').focus(), true")
	b.types(t, "still here")
	evaluate[bool](t, b, "document.querySelector('[data-draft]').dispatchEvent(new SubmitEvent('submit', {bubbles: true})), true")
	if got := box(); got != "still here" {
		t.Errorf("after a request that was lost the box has %q", got)
	}
	evaluate[bool](t, b, "document.querySelector('[data-draft]').requestSubmit(document.querySelector('[data-draft] .primary')), true")
	b.until(t, "the reply is there", "document.querySelector('#conversation article[id] .text')?.textContent === 'still here' && document.readyState === 'complete'")
	for range 2 {
		if got := evaluate[string](t, b, "document.querySelector('#reply-text').value"); got != "" {
			t.Errorf("after it went through the box has %q", got)
		}
		box()
	}
	if got := evaluate[int](t, b, "Object.keys(sessionStorage).filter((key) => key.startsWith('helpdesk-draft')).length"); got != 0 {
		t.Errorf("%d drafts are kept", got)
	}
}
