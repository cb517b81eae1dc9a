package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// newSite makes a site of a page and a form for each audience.
func newSite(t *testing.T, b *webtest.Backend) *web.Site {
	t.Helper()
	page := func(*web.Visit) (web.Reply, error) { return web.Show("A page", templ.NopComponent), nil }
	form := func(v *web.Visit) (web.Reply, error) {
		v.Tell("It is <done>.")
		return web.Redirect(web.Root + "page/"), nil
	}
	return webtest.Site(t, b,
		web.Get("open", web.Anyone, page),
		web.Get("page", web.SignedIn, page).InMenu(2, "Page"), web.Post("page", web.SignedIn, form),
		web.Get("overseen", web.Overseers, page).InMenu(1, "Overseen"), web.Post("overseen", web.Overseers, form),
		web.Post("ruled", web.Admins, form),
	)
}

func TestTheNavigationIsInTheOrderOfItsPlaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	link := regexp.MustCompile(`<a href="/admin/(\w+)/"[^>]*>(Page|Overseen)</a>`)
	for who, want := range map[string][]string{"admin": {"overseen", "page"}, "user": {"page"}} {
		_, nav, _ := strings.Cut(webtest.Get(s, who, "/admin/page/").Body.String(), "<nav")
		nav, _, _ = strings.Cut(nav, "</nav>")
		var got []string
		for _, m := range link.FindAllStringSubmatch(nav, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the links of the %s (-want +got):\n%s", who, diff)
		}
	}
}

func TestEveryAnswerForbidsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	static := webtest.Href(t, webtest.Get(s, "", "/admin/open/").Body.String(), `rel="stylesheet" href="`)
	for _, path := range []string{"/admin/open/", "/admin/nowhere/", static, "/admin/page/"} {
		t.Run(path, func(t *testing.T) {
			h := webtest.Get(s, "", path).Header()
			got := h.Get("Content-Security-Policy")
			if !strings.HasPrefix(got, "default-src 'none'; ") || strings.Contains(got, "unsafe") || strings.Contains(got, "*") {
				t.Errorf("policy %q", got)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Request-Id") == "" {
				t.Errorf("headers %v", h)
			}
		})
	}
}

func TestStaticFilesAreKeptUnderTheirHash(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	page := webtest.Get(s, "", "/admin/open/").Body.String()
	addresses := regexp.MustCompile(`/admin/static/\w+/([\w.]+)`).FindAllStringSubmatch(page, -1)
	if len(addresses) != 3 {
		t.Fatalf("static files %v", addresses)
	}
	for _, a := range addresses {
		t.Run(a[1], func(t *testing.T) {
			w := webtest.Get(s, "", a[0])
			if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			webtest.Holds(t, webtest.Get(s, "", "/admin/static/0000000000000000/"+a[1]), 404)
		})
	}
}

func TestWhoIsNotSignedInIsAskedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	webtest.Leads(t, webtest.Get(s, "", "/admin/page/?a=b"), "/admin/sign-in/?next=%2Fadmin%2Fpage%3Fa%3Db")
	late := webtest.Post(s, "", "/admin/page/", "text", "a <b>", "new_password", "s3cret")
	webtest.Holds(t, late, 401, "Your session has ended", "a &lt;b&gt;", `action="/admin/page/"`)
	webtest.Lacks(t, late.Body.String(), "s3cret")
}

func TestAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/admin/page/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	webtest.Holds(t, webtest.Send(newSite(t, &webtest.Backend{}), "user", r), 403, "The request came from another site")
}

func TestANoticeIsShownOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	open := func(cookie *http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/admin/page/", nil)
		r.AddCookie(cookie)
		return webtest.Send(s, "user", r)
	}
	told := webtest.Post(s, "user", "/admin/page/").Result().Cookies()
	if len(told) != 1 {
		t.Fatalf("cookies %v", told)
	}
	w := open(told[0])
	webtest.Holds(t, w, 200, "It is &lt;done&gt;.")
	if forgotten := w.Result().Cookies(); len(forgotten) != 1 || forgotten[0].Name != told[0].Name || forgotten[0].MaxAge >= 0 {
		t.Errorf("cookies %v: the notice is to be forgotten", forgotten)
	}
	webtest.Lacks(t, open(&http.Cookie{Name: told[0].Name, Value: "made up"}).Body.String(), "made up")
}

func TestWhatNoFormMaySend(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	webtest.Holds(t, webtest.Post(s, "user", "/admin/page/", "text", strings.Repeat("x", 1<<20)), 413, "The form is too large")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/ruled/"), 405, "cannot be opened directly")
	webtest.Holds(t, webtest.Get(s, "user", "/admin/nowhere/"), 404, "Page not found")
}

func TestAnAddressThatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	for _, text := range []string{"%00", "a%00b", "%ff"} {
		t.Run(text, func(t *testing.T) {
			webtest.Holds(t, webtest.Get(s, "admin", "/admin/page/?q="+text), 400, "Unknown filter")
			webtest.Holds(t, webtest.Post(s, "admin", "/admin/page/?q="+text), 400, "Unknown filter")
		})
	}
	webtest.Leads(t, webtest.Get(s, "", "/admin/page/?q=%00"), "/admin/sign-in/?next=%2Fadmin%2Fpage%3Fq%3D%2500")
}

func TestWhatAuditorsReadIsOnRecord(t *testing.T) {
	t.Parallel()
	b := &webtest.Backend{}
	s := newSite(t, b)
	webtest.Get(s, "auditor", "/admin/page/")
	webtest.Get(s, "admin", "/admin/page/")
	webtest.Get(s, "auditor", "/admin/open/")
	if diff := cmp.Diff([]string{"access.record_read auditor"}, b.Recorded); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.RecordErr = commands.ErrBusy
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/page/"), 503)
}

func TestAudiences(t *testing.T) {
	t.Parallel()
	s := newSite(t, &webtest.Backend{})
	for role, of := range map[string]struct{ oversees, admin bool }{
		"user": {}, "agent": {}, "auditor": {oversees: true}, "admin": {oversees: true, admin: true},
	} {
		t.Run(role, func(t *testing.T) {
			page := webtest.Get(s, role, "/admin/page/")
			webtest.Holds(t, page, 200, `href="/admin/page/"`)
			if linked := strings.Contains(page.Body.String(), `href="/admin/overseen/"`); linked != of.oversees {
				t.Errorf("has a link to the overseen page: %t", linked)
			}
			if of.oversees {
				webtest.Holds(t, webtest.Get(s, role, "/admin/overseen/"), 200)
				webtest.Leads(t, webtest.Post(s, role, "/admin/overseen/"), "/admin/page/")
			} else {
				webtest.Holds(t, webtest.Get(s, role, "/admin/overseen/"), 403, "Access denied")
				webtest.Holds(t, webtest.Post(s, role, "/admin/overseen/"), 403)
			}
			if of.admin {
				webtest.Leads(t, webtest.Post(s, role, "/admin/ruled/"), "/admin/page/")
			} else {
				webtest.Holds(t, webtest.Post(s, role, "/admin/ruled/"), 403)
			}
		})
	}
}
