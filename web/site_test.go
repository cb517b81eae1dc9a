package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
	"helpdesk/edge"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// open makes a site of a page and a form for each audience.
func open(t testing.TB) *webtest.Site {
	page := func(*web.Visit) (web.Reply, error) { return web.Show("A page", templ.NopComponent), nil }
	form := func(v *web.Visit) (web.Reply, error) {
		v.Tell("It is <done>.")
		return web.Redirect(web.Root + "page/"), nil
	}
	s := webtest.New(t)
	s.Serve(
		web.Get("open", web.Anyone, page), web.Post("open", web.Anyone, form),
		web.Get("page", web.SignedIn, page).InMenu(2, "Page"), web.Post("page", web.SignedIn, form),
		web.Get("overseen", web.Overseers, page).InMenu(1, "Overseen"), web.Post("overseen", web.Overseers, form),
		web.Post("page/ruled", web.Admins, form),
	)
	return s
}

func TestTheNavigationIsInTheOrderOfItsPlaces(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`<a href="/admin/(\w+)/"[^>]*>(Page|Overseen)</a>`)
	for who, want := range map[string][]string{"admin": {"overseen", "page"}, "user": {"page"}} {
		t.Run(who, func(t *testing.T) {
			_, nav, _ := strings.Cut(open(t).Get(who, "/admin/page/").Body.String(), "<nav")
			nav, _, _ = strings.Cut(nav, "</nav>")
			var got []string
			for _, m := range link.FindAllStringSubmatch(nav, -1) {
				got = append(got, m[1])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryAnswerForbidsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	static := func(s *webtest.Site) string { return s.Get("", "/admin/open/").Href(`rel="stylesheet" href="`) }
	for name, path := range map[string]func(*webtest.Site) string{
		"a page":           func(*webtest.Site) string { return "/admin/open/" },
		"no page":          func(*webtest.Site) string { return "/admin/nowhere/" },
		"a static file":    static,
		"a way to sign in": func(*webtest.Site) string { return "/admin/page/" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			h := s.Get("", path(s)).Header()
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
	s := open(t)
	addresses := regexp.MustCompile(`/admin/static/\w+/([\w.]+)`).FindAllStringSubmatch(s.Get("", "/admin/open/").Body.String(), -1)
	if len(addresses) != 3 {
		t.Fatalf("static files %v", addresses)
	}
	for _, file := range addresses {
		t.Run(file[1], func(t *testing.T) {
			a := s.Get("", file[0])
			if a.Code != 200 || !strings.Contains(a.Header().Get("Cache-Control"), "immutable") || a.Header().Get("Content-Type") == "" {
				t.Errorf("%d %v", a.Code, a.Header())
			}
			s.Get("", "/admin/static/0000000000000000/"+file[1]).Holds(404)
		})
	}
}

func TestWhoIsNotSignedInIsAskedTo(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *webtest.Site){
		"and led back": func(_ *testing.T, s *webtest.Site) {
			s.Get("", "/admin/page/?a=b").Leads("/admin/sign-in/?next=%2Fadmin%2Fpage%3Fa%3Db")
		},
		"and a form is kept, but for passwords": func(_ *testing.T, s *webtest.Site) {
			s.Post("", "/admin/page/", "text", "a <b>", "new_password", "s3cret").
				Holds(401, "Your session has ended", "a &lt;b&gt;", `action="/admin/page/"`).Lacks("s3cret")
		},
	})
}

func TestAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/admin/page/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	open(t).Send("user", r).Holds(403, "The request came from another site").Lacks("HELPDESK_PUBLIC_URL")
}

// TestAHostThatAProxyRewroteNamesTheSetting is of a browser that compares no origins,
// as over plain http.
func TestAHostThatAProxyRewroteNamesTheSetting(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/admin/page/", nil)
	r.Header.Set("Origin", "http://desk.example.com")
	open(t).Send("user", r).Holds(403, "The request came from another site", "HELPDESK_PUBLIC_URL", "Host")
}

func TestANoticeIsShownOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	with := func(cookie *http.Cookie) *webtest.Answer {
		r := httptest.NewRequest(http.MethodGet, "/admin/page/", nil)
		r.AddCookie(cookie)
		return s.Send("user", r)
	}
	told := s.Post("user", "/admin/page/").Result().Cookies()
	if len(told) != 1 {
		t.Fatalf("cookies %v", told)
	}
	a := with(told[0]).Holds(200, "It is &lt;done&gt;.")
	if forgotten := a.Result().Cookies(); len(forgotten) != 1 || forgotten[0].Name != told[0].Name || forgotten[0].MaxAge >= 0 {
		t.Errorf("cookies %v: the notice is to be forgotten", forgotten)
	}
	with(&http.Cookie{Name: told[0].Name, Value: "made up"}).Lacks("made up")
}

func TestWhatNobodyMaySend(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *webtest.Site){
		"a form that is too large": func(_ *testing.T, s *webtest.Site) {
			s.Post("user", "/admin/page/", "text", strings.Repeat("x", 1<<20)).Holds(413, "The form is too large", "1024 kB")
			s.Post("", "/admin/open/", "text", strings.Repeat("x", 1<<14)).Holds(413, "The form is too large", "16 kB")
			s.Post("", "/admin/page/", "text", strings.Repeat("x", 1<<18)).Holds(413, "The form is too large", "256 kB")
		},
		"a form of too many fields": func(_ *testing.T, s *webtest.Site) {
			for as, path := range map[string]string{"user": "/admin/page/", "": "/admin/open/"} {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(strings.Repeat("a&", 400)))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				s.Send(as, r).Holds(400, "The form could not be read")
			}
		},
		"an address of too many parameters": func(_ *testing.T, s *webtest.Site) {
			s.Get("user", "/admin/page/?"+strings.Repeat("a=1&", 99)).Holds(200)
			s.Get("user", "/admin/page/?"+strings.Repeat("a=1&", 100)).Holds(400, "Unknown filter")
		},
		"a text that somebody wrote whose session ended is kept": func(_ *testing.T, s *webtest.Site) {
			s.Post("", "/admin/page/", "text", strings.Repeat("😀", 20_000)).Holds(401, "Your session has ended", "😀😀")
		},
		"a form's address, to open it: it leads to the form's page": func(_ *testing.T, s *webtest.Site) {
			s.Get("admin", "/admin/page/ruled/?a=b").Leads("/admin/page/?a=b")
			s.Send("admin", httptest.NewRequest(http.MethodPut, "/admin/page/ruled/", nil)).Holds(405, "cannot be opened directly")
		},
		"an address of nothing": func(_ *testing.T, s *webtest.Site) { s.Get("user", "/admin/nowhere/").Holds(404, "Page not found") },
	})
}

// TestPagesCountAsCallsDo counts pages until one is refused; what may be kept for good
// is not counted.
func TestPagesCountAsCallsDo(t *testing.T) {
	t.Parallel()
	s := open(t)
	static := s.Get("", "/admin/open/").Href(`rel="stylesheet" href="`)
	for who, path := range map[string]string{"": "/admin/open/", "user": "/admin/page/", "admin": "/admin/nowhere/"} {
		seen := 0
		for ; seen <= 2*webtest.Calls && s.Get(who, path).Code != http.StatusTooManyRequests; seen++ {
		}
		if seen < webtest.Calls-1 || seen > webtest.Calls {
			t.Errorf("%q got %d pages, want %d", who, seen, webtest.Calls)
		}
	}
	s.Post("user", "/admin/page/").Holds(429, "Too many requests")
	s.Get("", static).Holds(200)
}

// TestDearPagesTakeTurns visits pages of somebody whose turn does not come.
func TestDearPagesTakeTurns(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	var err error
	if s.Front, err = edge.NewFront(edge.Config{RequestTime: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	show := func(*web.Visit) (web.Reply, error) { return web.Redirect("/shown"), nil }
	s.Serve(web.Get("dear", web.SignedIn, show).Dear(), web.Post("dear", web.SignedIn, show).Dear(), web.Get("page", web.SignedIn, show))
	s.Get("user", "/admin/dear/").Leads("/shown")
	for range max(runtime.GOMAXPROCS(0)/2, 1) {
		turn := s.Front.TurnOf(edge.Caller{Person: webtest.Account("user").ID}, httptest.NewRequest(http.MethodGet, "/", nil), true)
		if err := turn.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Get("user", "/admin/dear/").Holds(429, "Too many requests", "Wait 1 second")
	s.Post("user", "/admin/dear/").Holds(429, "Too many requests")
	s.Get("user", "/admin/page/?version=1").Holds(429, "Too many requests")
	s.Get("user", "/admin/page/").Leads("/shown")
	s.Get("admin", "/admin/dear/").Leads("/shown")
}

func TestAVisitTakesNotForEver(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	var err error
	if s.Front, err = edge.NewFront(edge.Config{RequestTime: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	s.Serve(web.Get("slow", web.Anyone, func(v *web.Visit) (web.Reply, error) {
		<-v.Context().Done()
		return web.Reply{}, v.Context().Err()
	}), web.Get("long", web.Anyone, func(v *web.Visit) (web.Reply, error) {
		short := v.Context()
		v.GoOn()
		<-short.Done()
		return web.Show("Long", templ.NopComponent), v.Context().Err()
	}))
	s.Get("", "/admin/slow/").Holds(503, "The helpdesk is unavailable")
	s.Get("", "/admin/long/").Holds(200, "Long")
}

func TestAnAddressThatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"%00", "a%00b", "%ff"} {
		t.Run(text, func(t *testing.T) {
			s := open(t)
			s.Get("admin", "/admin/page/?q="+text).Holds(400, "Unknown filter")
			s.Post("admin", "/admin/page/?q="+text).Holds(400, "Unknown filter")
		})
	}
	t.Run("once somebody is signed in", func(t *testing.T) {
		open(t).Get("", "/admin/page/?q=%00").Leads("/admin/sign-in/?next=%2Fadmin%2Fpage%3Fq%3D%2500")
	})
}

func TestWhatAuditorsReadIsOnRecord(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *webtest.Site){
		"and what others read is not": func(t *testing.T, s *webtest.Site) {
			s.Get("auditor", "/admin/page/")
			s.Get("admin", "/admin/page/")
			s.Get("auditor", "/admin/open/")
			if diff := cmp.Diff([]string{"access.record_read auditor"}, s.Recorded); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		},
		"or they read nothing": func(_ *testing.T, s *webtest.Site) {
			s.RecordErr = commands.ErrBusy
			s.Get("auditor", "/admin/page/").Holds(503)
		},
	})
}

func TestAudiences(t *testing.T) {
	t.Parallel()
	for role, of := range map[string]struct{ oversees, admin bool }{
		"user": {}, "agent": {}, "auditor": {oversees: true}, "admin": {oversees: true, admin: true},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			page := s.Get(role, "/admin/page/").Holds(200, `href="/admin/page/"`)
			if linked := strings.Contains(page.Body.String(), `href="/admin/overseen/"`); linked != of.oversees {
				t.Errorf("has a link to the overseen page: %t", linked)
			}
			if of.oversees {
				s.Get(role, "/admin/overseen/").Holds(200)
				s.Post(role, "/admin/overseen/").Leads("/admin/page/")
			} else {
				s.Get(role, "/admin/overseen/").Holds(403, "Access denied")
				s.Post(role, "/admin/overseen/").Holds(403)
			}
			if of.admin {
				s.Post(role, "/admin/page/ruled/").Leads("/admin/page/")
			} else {
				s.Post(role, "/admin/page/ruled/").Holds(403)
			}
		})
	}
}
