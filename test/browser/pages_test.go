//go:build browser

package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// heaviest is what a page may weigh in all, in bytes.
const heaviest = 100_000

// finding is what axe-core has to say against a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// judge looks at the page that is open, in both schemes and at three widths.
func (b *tab) judge(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 1440, 2560} {
			at := fmt.Sprintf("%s, %s, %d", name, scheme, width)
			b.look(t, width, scheme)
			if wide := evaluate[bool](t, b, "document.documentElement.scrollWidth > innerWidth"); wide {
				t.Errorf("%s: it is wider than the window", at)
			}
			if width != 2560 {
				b.shoot(t, at)
				b.axe(t, at)
			}
		}
	}
	b.look(t, 1440, "light")
}

// axe fails the test for each serious or critical finding.
func (b *tab) axe(t *testing.T, at string) {
	t.Helper()
	source, err := axe()
	if err != nil {
		t.Fatal(err)
	}
	if source == "" {
		t.Log("there is no npm here: axe-core was not asked")
		return
	}
	if !evaluate[bool](t, b, "!!window.axe") {
		evaluate[any](t, b, source+";null")
	}
	for _, f := range evaluate[[]finding](t, b, `axe.run({ resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
		r.violations.map((v) => ({ ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map((n) => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? "")) })))`) {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("%s: %s: %s (%s): %q", at, f.Impact, f.Help, f.ID, f.Nodes)
		}
	}
}

func TestEveryPageForEachRole(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	ticket := fmt.Sprintf("/admin/tickets/%d/", number)
	everybody := []string{"/admin/tickets/", "/admin/tickets/?q=nothing+like+it", ticket, ticket + "?version=2", "/admin/account/", "/admin/tokens/"}
	opens := append(everybody, "/admin/tickets/new/")
	oversees := []string{
		"/admin/reports/", "/admin/reports/?days=365", "/admin/reports/trend/", "/admin/reports/times/", "/admin/reports/agents/?days=365", "/admin/reports/drill-down/?of=window&number=opened", "/admin/people/", "/admin/people/?q=nobody+like+it",
		"/admin/people/agent/", "/admin/system/escalations/", "/admin/system/emails/", "/admin/system/emails/?status=all", "/admin/system/failed/",
		"/admin/system/projections/", "/admin/audit/", "/admin/audit/?of=nobody", "/admin/audit/proof/",
	}
	for role, paths := range map[string][]string{"": {"/admin/sign-in/", "/admin/register/"}, "user": opens, "agent": opens, "admin": append(opens, oversees...), "auditor": append(everybody, oversees...)} {
		t.Run("role "+role, func(t *testing.T) {
			b := newTab(t, d.URL)
			if role != "" {
				b.signIn(t, role)
			}
			for _, path := range paths {
				b.open(t, path)
				if w := b.weight(); w > heaviest || w == 0 {
					t.Errorf("%s weighs %.0f bytes", path, w)
				}
				b.judge(t, role+" "+path)
				b.quiet(t, role+" "+path)
			}
		})
	}
}

func TestDialogsErrorsAndEmptyStates(t *testing.T) {
	d := open(t)
	b := newTab(t, d.URL)
	b.signIn(t, "user")
	b.judge(t, "empty list")
	b.must(t, chromedp.KeyEvent("?"))
	b.until(t, "the dialog", "document.querySelector('#help').open")
	b.judge(t, "dialog of keys")
	b.must(t, chromedp.KeyEvent("\u001b"))
	for _, path := range []string{"/admin/nowhere/", "/admin/tickets/99/", "/admin/tickets/?status=lost"} {
		b.open(t, path)
		b.judge(t, "error "+path)
	}
	b.forgive(404)
	b.forgive(400)
	b.open(t, "/admin/tickets/new/")
	evaluate[any](t, b, "document.querySelectorAll('main form [required]').forEach((f) => f.required = false)")
	b.must(t, chromedp.Click("main form .primary"))
	b.sees(t, "A value is required.")
	b.judge(t, "fault in a form")
	b.forgive(400)
	b.quiet(t, "errors")
}
