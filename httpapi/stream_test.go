package httpapi

import (
	"context"
	"errors"
	"fmt"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi/problem"
	"helpdesk/test/kit"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
)

func TestAStreamOutlivesTheServersWriteTimeout(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := &StreamWriter{w: w, control: http.NewResponseController(w)}
		fmt.Fprintln(s, "one")
		s.Flush()
		<-stop
		fmt.Fprintln(s, "two")
	}))
	server.Config.WriteTimeout = 1 // long over by the first write
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	close(stop)
	var one, two string
	if _, err := fmt.Fscan(response.Body, &one, &two); err != nil || one != "one" || two != "two" {
		t.Errorf("got %q %q, %v", one, two, err)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "  =1": "'  =1", "＝1": "'＝1",
		"a=1": "a=1", "": "", "'=1": "'=1", "Größe": "Größe",
	} {
		t.Run(text, func(t *testing.T) {
			if got := Cell(text); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAPersonHasAFewExportsUnderWay(t *testing.T) {
	a := newBare(Deps{}, Config{})
	export := ExportOf(CSVType, func(context.Context, *Call, struct{}) (Stream, error) { return nil, nil })
	over, timeOver := context.WithCancel(t.Context()) // the time of a request, which an export outlives
	timeOver()
	begin := func(who user.ID) (end context.CancelFunc, err error) {
		ctx, end := context.WithCancel(t.Context())
		c := &Call{Request: httptest.NewRequestWithContext(over, http.MethodGet, "/", nil), whole: ctx, Actor: domain.Actor{ID: who}, api: a}
		_, err = export.serve(ctx, c, func(any, func() error) error { return nil })
		return end, err
	}
	first, second := user.ID{UUID: uuid.New()}, user.ID{UUID: uuid.New()}
	var ends []context.CancelFunc
	for range exportsMost {
		end, err := begin(first)
		ends = append(ends, end)
		if err != nil {
			t.Errorf("an export: %v", err)
		}
	}
	var refusal *problem.Refusal
	if _, err := begin(first); !errors.As(err, &refusal) || refusal.Code != "too_many_exports" {
		t.Errorf("one too many: %v", err)
	}
	if _, err := begin(second); err != nil {
		t.Errorf("another's: %v", err)
	}
	ends[0]()
	kit.Poll(t, "room for another", func() bool { _, err := begin(first); return err == nil })
}
