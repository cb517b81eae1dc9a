package audit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFileTakesCheckpoints(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	name := filepath.Join(t.TempDir(), "witness")
	for range 2 {
		d.fill(t, 1, 1)
		d.grow(t)
		if err := FileSink(name).Deliver(t.Context(), d.sign(t).Note); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int64{1, 2}, d.signedSizes(t, name)); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

func TestCheckpointsArePosted(t *testing.T) {
	t.Parallel()
	var got []string
	answer := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answer)
	}))
	defer server.Close()
	sink := HTTPSink(server.URL)
	if err := sink.Deliver(t.Context(), []byte("a note")); err != nil {
		t.Error(err)
	}
	for _, answer = range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		if err := sink.Deliver(t.Context(), []byte("a note")); err == nil {
			t.Errorf("%d passes for an arrival", answer)
		}
	}
	want := []string{}
	for range 4 {
		want = append(want, "POST text/plain; charset=utf-8 a note")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
