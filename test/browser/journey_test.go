//go:build browser

package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"helpdesk/test/program"
)

// press presses one key, as a person does.
func (b *tab) press(t *testing.T, key string) {
	t.Helper()
	b.actions++
	b.must(t, chromedp.KeyEvent(key))
}

// types types a text into what has the focus.
func (b *tab) types(t *testing.T, text string) {
	t.Helper()
	b.actions++
	b.must(t, chromedp.KeyEvent(text))
}

// mostActions is how many actions of a person the journey may take.
const mostActions = 30

// resolvedNow goes to the reports by their key and returns how many tickets they
// say were resolved.
func (b *tab) resolvedNow(t *testing.T) int {
	t.Helper()
	b.press(t, "2")
	b.until(t, "the reports", "location.pathname === '/admin/reports/' && document.readyState === 'complete'")
	return evaluate[int](t, b, "Number([...document.querySelectorAll('.figures dt')].find((dt) => dt.textContent === 'Tickets resolved').nextElementSibling.textContent)")
}

func TestWithTheKeyboardAlone(t *testing.T) {
	d := open(t)
	d.fill(t)
	wanted := d.opens(t, "user", "Nobody can sign in", "high")
	d.opens(t, "other", "Chair squeaks", "low")
	b := newTab(t, d.URL)
	b.open(t, "/admin/")
	b.until(t, "the focus on the name", "document.activeElement.id === 'username'")
	b.types(t, "admin")
	b.press(t, "\t")
	b.types(t, program.Secret)
	b.press(t, "\r")
	b.sees(t, "Nobody can sign in")
	before := b.resolvedNow(t)
	b.press(t, "1")
	b.sees(t, "Nobody can sign in")
	for { // down the list to one that is high and nobody's
		b.press(t, "j")
		row := evaluate[string](t, b, "document.activeElement.closest('tr').innerText.replace(/\\s+/g, ' ')")
		if strings.Contains(row, "high") && strings.Contains(row, "unassigned") {
			break
		}
		if b.actions > mostActions {
			t.Fatalf("it is not found: %s", row)
		}
	}
	b.press(t, "o")
	b.until(t, "the ticket", fmt.Sprintf("location.pathname === '/admin/tickets/%d/' && document.readyState === 'complete'", wanted))
	b.press(t, "t")
	b.sees(t, "Assignee updated.")
	b.press(t, "r")
	b.types(t, "The certificate had expired; it is renewed.")
	b.actions++
	b.must(t, chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.sees(t, "Reply sent.")
	b.press(t, "e")
	b.sees(t, "Status updated.")
	b.sees(t, "admin resolved the ticket.")
	if after := b.resolvedNow(t); after != before+1 {
		t.Errorf("the reports say %d were resolved, then %d", before, after)
	}
	if b.actions >= mostActions {
		t.Errorf("it took %d actions, fewer than %d are wanted", b.actions, mostActions)
	}
	t.Logf("it took %d actions", b.actions)
	b.quiet(t, "the journey")
}

func TestWithoutScripts(t *testing.T) {
	d := open(t)
	b := newTab(t, d.URL)
	b.withoutScripts(t)
	b.open(t, "/admin/register/")
	b.must(t, chromedp.SendKeys("#username", "newcomer"), chromedp.SendKeys("#email", "n@example.com"),
		chromedp.SendKeys("#password", program.Secret), chromedp.Click("main .primary"))
	b.sees(t, "Your account is ready.")
	b.must(t, chromedp.SendKeys("#username", "newcomer"), chromedp.SendKeys("#password", program.Secret), chromedp.Click("main .primary"))
	b.sees(t, "You have no tickets yet")
	b.must(t, chromedp.Click(".head .button.primary"))
	b.sees(t, "Description")
	b.must(t, chromedp.SendKeys("#title", "Mouse is gone"), chromedp.SendKeys("#description", "Since Monday."), chromedp.Click("main .primary"))
	b.sees(t, "Ticket created.")
	b.must(t, chromedp.SendKeys("#reply-text", "It is grey."), chromedp.Click("#reply .primary"))
	b.sees(t, "Reply sent.")
	b.must(t, chromedp.Click("#actions button[value=closed]"))
	b.sees(t, "newcomer closed the ticket.")
	b.must(t, chromedp.Click("#actions button[value=open]"))
	b.sees(t, "newcomer reopened the ticket.")
	b.must(t, chromedp.SetAttributeValue("#version", "value", "1"), chromedp.Click("[data-travel-go]"))
	b.sees(t, "version 1 of 4")
	b.must(t, chromedp.Click(".who form button"))
	b.sees(t, "You have signed out.")

	b.signIn(t, "admin")
	b.must(t, chromedp.Click("input[name=ticket]"), chromedp.SetValue("#do", "take"), chromedp.Click(".bulk-bar button"))
	b.sees(t, "1 ticket updated")
	b.must(t, chromedp.SendKeys("#search", "mouse\r"))
	b.until(t, "what was found", "location.search.includes('q=mouse') && document.readyState === 'complete'") // the page before has the ticket, too
	b.sees(t, "Mouse is gone")
	b.must(t, chromedp.Click(".saved summary"), chromedp.SendKeys("#view-name", "Mice"), chromedp.Click(".saved details button"))
	b.sees(t, "View saved.")
	b.quiet(t, "without scripts")
}

func TestWhatHappensIsShownAsItHappens(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	b := newTab(t, d.URL)
	b.signIn(t, "admin")
	b.press(t, "j")
	b.press(t, "x")
	focused := evaluate[string](t, b, "document.activeElement.closest('tr').id")
	d.opens(t, "other", "Came just now", "high")
	b.sees(t, "Came just now")
	if got := evaluate[string](t, b, "document.activeElement.closest('tr')?.id ?? ''"); got != focused {
		t.Errorf("the focus was on %s and is on %q", focused, got)
	}
	if !evaluate[bool](t, b, fmt.Sprintf("document.querySelector('#%s input').checked", focused)) {
		t.Error("the tick is gone")
	}

	b.open(t, fmt.Sprintf("/admin/tickets/%d/", number))
	other := newTab(t, d.URL)
	other.signIn(t, "agent")
	other.open(t, fmt.Sprintf("/admin/tickets/%d/", number))
	other.sees(t, "admin is also viewing this ticket")
	b.must(t, chromedp.SendKeys("#reply-text", "My answer"))
	other.must(t, chromedp.SendKeys("#reply-text", "Theirs, first"), chromedp.Click("#reply .primary"))
	other.sees(t, "Reply sent.")
	b.sees(t, "agent added a comment just now.")
	b.sees(t, "Theirs, first")
	b.axe(t, "the warning")
	b.must(t, chromedp.Click("#reply .primary"))
	b.sees(t, "This ticket has changed since you loaded it.")
	b.forgive(412)
	b.must(t, chromedp.Click("#reply .primary"))
	b.sees(t, "Reply sent.")

	slider := "document.querySelector('#version')"
	evaluate[any](t, b, slider+".value = 1; "+slider+".dispatchEvent(new Event('input', { bubbles: true })); null")
	b.sees(t, "You are viewing version 1")
	b.until(t, "the reply is hidden", "document.querySelector('#reply').hidden")
	b.quiet(t, "live pages")
	other.quiet(t, "the other's page")
}
