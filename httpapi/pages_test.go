package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// linked is what a page loads or leads to.
var linked = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

func TestPagesLoadNothingFromElsewhereAndWhatTheyLeadToIsThere(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	for _, at := range []string{"/", "/swagger", "/swagger/"} {
		w := request{method: http.MethodGet, path: at}.send(api)
		text := w.Body.String()
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("%s: status %d, %v", at, w.Code, w.Header())
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", at, policy)
		}
		if strings.Contains(text, "<style") || strings.Contains(text, "<script>") || strings.Contains(text, " style=") {
			t.Errorf("%s holds what the policy forbids", at)
		}
		links := linked.FindAllStringSubmatch(text, -1)
		if len(links) < 4 {
			t.Errorf("%s leads to %d places", at, len(links))
		}
		for _, link := range links {
			if !strings.HasPrefix(link[1], "/") || strings.HasPrefix(link[1], "//") {
				t.Errorf("%s leads elsewhere: %s", at, link[1])
			}
			if link[1] == "/admin/" { // the site, which is served beside the API
				continue
			}
			w := request{name: "admin", method: http.MethodGet, path: link[1]}.send(api)
			if w.Code != http.StatusOK || w.Body.Len() == 0 {
				t.Errorf("%s leads to %s: status %d", at, link[1], w.Code)
			}
		}
	}
}

func TestAssetsAreWhatTheySayTheyAre(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	for at, want := range map[string]string{
		"/assets/page.css":              "text/css; charset=utf-8",
		"/swagger/configure.js":         "text/javascript; charset=utf-8",
		"/swagger/swagger-ui.css":       "text/css; charset=utf-8",
		"/swagger/swagger-ui-bundle.js": "application/javascript",
		"/swagger/favicon-32x32.png":    "image/png",
	} {
		t.Run(at, func(t *testing.T) {
			w := request{method: http.MethodGet, path: at}.send(api)
			if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != want || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("status %d, content type %q", w.Code, got)
			}
		})
	}
	for _, at := range []string{"/swagger/index.html", "/swagger/oauth2-redirect.html", "/swagger/embed.go", "/assets/index.html"} {
		if w := (request{method: http.MethodGet, path: at}).send(api); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", at, w.Code)
		}
	}
}
