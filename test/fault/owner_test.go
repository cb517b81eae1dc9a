package fault

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"helpdesk/test/program"
)

func TestSecondProgramOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	env := "HELPDESK_DATA_DIR=" + program.DataDir(t)
	p := program.Serve(t, env)
	person := signUp(t, p, 1)[0]

	line := refused(t, "", []string{env}, "serve")
	for _, want := range []string{strconv.Itoa(p.PID()), strings.TrimPrefix(p.URL, "http://")} {
		if !strings.Contains(line, want) {
			t.Errorf("got %q, want it to name %s", line, want)
		}
	}
	t.Log(line)
	person.Must(t, http.StatusCreated, "POST", "/api/tickets/", map[string]string{"title": "One", "description": "It smokes."})
	person.Must(t, http.StatusOK, "GET", "/readyz", nil)
	if err := p.Stop(); err != nil {
		t.Errorf("the first program ended with %v\n%s", err, p.Log())
	}
}

func TestOfTwoFirstStartsAtOnceOneServes(t *testing.T) {
	t.Parallel()
	env := "HELPDESK_DATA_DIR=" + program.DataDir(t)
	var runs [2]*program.Program
	var errs [2]error
	var wg sync.WaitGroup
	for i := range runs {
		wg.Go(func() { runs[i], errs[i] = program.TryServe(t, env) })
	}
	wg.Wait()
	for i, p := range runs {
		if p == nil {
			continue
		}
		person := signUp(t, p, 1)[0]
		person.Must(t, http.StatusOK, "GET", "/readyz", nil)
		if err := errs[1-i]; err == nil {
			t.Error("both serve")
		} else if !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "process") {
			t.Errorf("the other said %v", err)
		} else {
			t.Log(err)
		}
		return
	}
	t.Errorf("neither serves: %v, %v", errs[0], errs[1])
}
