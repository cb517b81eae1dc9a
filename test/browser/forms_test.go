//go:build browser

package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"helpdesk/test/program"
)

// openTicket signs somebody in and opens the ticket in which much has happened.
func openTicket(t *testing.T, d *site, number int64, as string) *tab {
	t.Helper()
	b := newTab(t, d.URL)
	b.signIn(t, as)
	b.open(t, fmt.Sprintf("/admin/tickets/%d/", number))
	return b
}

func TestEnterDoesWhatTheFieldIsFor(t *testing.T) {
	d := open(t)
	b := openTicket(t, d, d.fill(t), "admin")
	b.must(t, chromedp.SendKeys("#assignee", "colleague\r"))
	b.sees(t, "admin assigned the ticket to colleague.")
	b.must(t, chromedp.Click("details.verbs summary"), chromedp.SetValue("#to", "resolved"), chromedp.SendKeys("#reason", "It is the lamp\r"))
	b.sees(t, "admin resolved the ticket: It is the lamp.")
	b.must(t, chromedp.Click("#edit summary"), chromedp.SendKeys("#title", "Again: \r"))
	b.sees(t, "Again: Screen stays dark")
	b.quiet(t, "the forms")
}

func TestAStoppedRequestLeavesItsForm(t *testing.T) {
	d := open(t)
	b := openTicket(t, d, d.fill(t), "agent")
	b.must(t, chromedp.SendKeys("#reply-text", "Once"))
	evaluate[any](t, b, "document.querySelector('#reply form').requestSubmit(document.querySelector('#reply .primary')); window.stop(); null")
	b.until(t, "the form lives again", "!document.querySelector('#reply form').dataset.sent")
	if at := evaluate[string](t, b, "document.querySelector('#reply-text')?.value ?? ''"); at == "Once" {
		b.must(t, chromedp.Click("#reply .primary"))
	}
	b.sees(t, "Reply sent.")
}

func TestWhatIsShownAsItHappensIsSeen(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	path := fmt.Sprintf("/api/tickets/%d/", number)
	b := openTicket(t, d, number, "agent")
	b.must(t, chromedp.SendKeys("#reply-text", "My answer"), chromedp.Click("#edit summary"), chromedp.SendKeys("#description", " More."))
	d.ask(t, "admin", "PATCH", path, program.Object{"title": "Screen is black"})
	b.until(t, "the title", "document.querySelector('h1').innerText.includes('Screen is black')")
	b.must(t, chromedp.Click("#edit .stack > button"))
	b.sees(t, "Ticket updated.")
	if title := evaluate[string](t, b, "document.querySelector('h1').innerText"); title != fmt.Sprintf("#%d Screen is black", number) {
		t.Errorf("the edit of the description brought the title back: %s", title)
	}

	b.must(t, chromedp.SetValue("#reply-text", "My answer"))
	d.ask(t, "admin", "PATCH", path, program.Object{"priority": "low"})
	b.until(t, "the priority", "!!document.querySelector('.badges .is-low')")
	b.must(t, chromedp.Click("#reply .primary"))
	b.sees(t, "Reply sent.")

	b.must(t, chromedp.Click("#edit summary"), chromedp.SendKeys("#description", " And more."))
	d.ask(t, "admin", "PATCH", path, program.Object{"description": "Another."})
	b.until(t, "the description", "document.querySelector('#conversation .text').innerText === 'Another.'")
	b.must(t, chromedp.Click("#edit .stack > button"))
	b.sees(t, "This ticket has changed since you loaded it.")
	if text := evaluate[string](t, b, "document.querySelector('#description').value"); text != " And more.More.Screen stays dark.\n\nSince this morning." {
		t.Errorf("what was typed is now %q", text)
	}
	b.open(t, evaluate[string](t, b, "location.pathname"))
	b.sees(t, "Another.")
	b.forgive(412)
	b.quiet(t, "the edits")
}

func TestNothingIsCutOffOrCovered(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	b := openTicket(t, d, number, "admin")
	for _, width := range []int64{360, 390, 1440} {
		b.look(t, width, "light")
		if cut := evaluate[[]string](t, b, "[...document.querySelectorAll('.bar a, .bar button')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth).map((e) => e.innerText)"); len(cut) > 0 {
			t.Errorf("the navigation is cut off at %d: %q", width, cut)
		}
		b.must(t, chromedp.SendKeys("#reply-text", "x"), chromedp.Click("#reply .primary"))
		b.sees(t, "Reply sent.")
		if covered := evaluate[[]string](t, b, `[...document.querySelectorAll("#reply button")].filter((button) => {
			button.scrollIntoView({ block: "end" });
			const { left, top, width, height } = button.getBoundingClientRect();
			return button.checkVisibility() && !button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
		}).map((e) => e.innerText)`); len(covered) > 0 {
			t.Errorf("the notice covers at %d: %q", width, covered)
		}
	}
}

func TestPrintedPagesHaveNoButtons(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	b := openTicket(t, d, number, "admin")
	for _, path := range []string{fmt.Sprintf("/admin/tickets/%d/", number), "/admin/tickets/", "/admin/people/agent/", "/admin/system/projections/"} {
		b.open(t, path)
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
			t.Fatal(err)
		}
		if shown := evaluate[[]string](t, b, "[...document.querySelectorAll('button, .button, input, select, textarea')].filter((e) => e.checkVisibility()).map((e) => e.outerHTML)"); len(shown) > 0 {
			t.Errorf("%s prints %q", path, shown)
		}
		b.shoot(t, "print "+path)
		b.look(t, 1440, "light")
	}
	b.open(t, "/admin/tickets/")
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if rows := evaluate[int](t, b, "[...document.querySelectorAll('[data-row]')].filter((a) => a.checkVisibility()).length"); rows == 0 {
		t.Error("the list prints no ticket")
	}
}

func TestTimesAreInTheLanguageOfThePage(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	b := newTab(t, d.URL)
	if _, err := chromedp.Call(b.ctx, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: "de-DE"}); err != nil {
		t.Fatal(err)
	}
	b.signIn(t, "user")
	b.open(t, fmt.Sprintf("/admin/tickets/%d/", number))
	if said := evaluate[string](t, b, "document.querySelector('.badges time').innerText"); said != "this minute" && said != "1 min ago" {
		t.Errorf("the times say %q", said)
	}
}
