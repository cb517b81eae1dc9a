package load

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve serves until the test ends and returns host and port.
func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, Path, Cookie, Type, Body string }
	var got []seen
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, seen{r.Method, r.URL.String(), r.Header.Get("Cookie"), r.Header.Get("Content-Type"), string(body)})
		if r.URL.Path == "/no" {
			http.Error(w, "not here", http.StatusNotFound)
		}
	})
	c, err := Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, r := range []Request{New("GET", "/a?b=c", "d=e", ""), New("POST", "/a", "", `{"f": 1}`), New("POST", "/b", "", "")} {
		if _, err := c.Ask(r, nil); err != nil {
			t.Fatal(err)
		}
	}
	var refused *Refused
	if _, err := c.Ask(New("GET", "/no", "", ""), nil); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("what is refused: got %v", err)
	}
	if _, err := c.Ask(New("GET", "/after", "", ""), nil); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	const json = "application/json"
	want := []seen{{"GET", "/a?b=c", "d=e", "", ""}, {"POST", "/a", "", json, `{"f": 1}`}, {"POST", "/b", "", "", ""}, {"GET", "/no", "", "", ""}, {"GET", "/after", "", "", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var asked, atOnce, most atomic.Int64
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n := atOnce.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		asked.Add(1)
		atOnce.Add(-1)
		w.WriteHeader(http.StatusCreated)
	})
	w := Work{Next: func(int) Request { return New("POST", "/", "", "{}") }}
	r, err := Run(t.Context(), address, 4, 50*time.Millisecond, w)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := int64(len(r.All)), asked.Load(); got != want || got < 4 {
		t.Errorf("answers: got %d, want %d", got, want)
	}
	if most.Load() > 4 {
		t.Errorf("%d at once, want 4", most.Load())
	}
	if r.Took < 50*time.Millisecond || r.Quantile(0) > r.Quantile(0.5) || r.Quantile(0.5) > r.Quantile(1) {
		t.Errorf("took %s; %s, %s, %s", r.Took, r.Quantile(0), r.Quantile(0.5), r.Quantile(1))
	}
}

func TestARefusalEndsARun(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	w := Work{Next: func(int) Request { return New("GET", "/", "", "") }}
	var refused *Refused
	if _, err := Run(t.Context(), address, 4, time.Minute, w); !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestRunsAreJoined(t *testing.T) {
	t.Parallel()
	got := Join(Result{time.Second, []time.Duration{2, 4}}, Result{time.Second, []time.Duration{1, 3, 5, 6}})
	if diff := cmp.Diff(Result{2 * time.Second, []time.Duration{1, 2, 3, 4, 5, 6}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.PerSecond() != 3 {
		t.Errorf("got %v a second, want 3", got.PerSecond())
	}
}
