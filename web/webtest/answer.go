package webtest

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Answer is what a site sent, usually a page.
type Answer struct {
	*httptest.ResponseRecorder

	t testing.TB
}

// inline is what no page may hold: the Content-Security-Policy forbids it.
var inline = []string{" style=", "<style", " onclick=", "<script>", "javascript:"}

// Holds fails the test when the answer is not of the status, lacks a text, or holds
// anything inline.
func (a *Answer) Holds(status int, texts ...string) *Answer {
	a.t.Helper()
	page := a.Body.String()
	_, content, _ := strings.Cut(page, "<main")
	if a.Code != status {
		a.t.Errorf("status %d, want %d: %s", a.Code, status, content)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			a.t.Errorf("the page lacks %q: %s", text, content)
		}
	}
	for _, form := range undecided(page) {
		a.t.Errorf("Enter in a field of a form presses the first of its buttons, whatever the field is for: %s", form)
	}
	return a.Lacks(inline...)
}

var (
	oneForm = regexp.MustCompile(`(?s)<form.*?</form>`)
	oneLine = regexp.MustCompile(`<input(?: [^>]*)?>`)
	noLine  = regexp.MustCompile(` type="(?:hidden|file|checkbox|radio|range)"`)
	submits = regexp.MustCompile(`<button(?: [^>]*)?>`)
)

// undecided returns the forms of a page that have a field of one line, and more than
// one button to choose from.
func undecided(page string) (forms []string) {
	count := func(of *regexp.Regexp, form string, but func(string) bool) int {
		return len(slices.DeleteFunc(of.FindAllString(form, -1), but))
	}
	for _, form := range oneForm.FindAllString(page, -1) {
		fields := count(oneLine, form, noLine.MatchString)
		buttons := count(submits, form, func(b string) bool { return strings.Contains(b, ` type="button"`) })
		if fields > 0 && buttons > 1 {
			forms = append(forms, form)
		}
	}
	return forms
}

// Lacks fails the test when the page holds a text.
func (a *Answer) Lacks(texts ...string) *Answer {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.Body.String(), text) {
			a.t.Errorf("the page holds %q", text)
		}
	}
	return a
}

// Leads fails the test when the answer is no redirect to a place.
func (a *Answer) Leads(to string) *Answer {
	a.t.Helper()
	if got := a.Header().Get("Location"); a.Code != http.StatusSeeOther || got != to {
		a.t.Errorf("status %d to %q, want 303 to %q: %s", a.Code, got, to, a.Body)
	}
	return a
}

// Href returns the address that follows a text in the page.
func (a *Answer) Href(before string) string {
	a.t.Helper()
	_, rest, ok := strings.Cut(a.Body.String(), before)
	href, _, _ := strings.Cut(rest, `"`)
	if !ok || href == "" {
		a.t.Fatalf("no address after %q: %s", before, a.Body)
	}
	return strings.ReplaceAll(href, "&amp;", "&")
}

// Next returns where the link to the next page of a list leads.
func (a *Answer) Next() string {
	a.t.Helper()
	return a.Href(`rel="next" href="`)
}
