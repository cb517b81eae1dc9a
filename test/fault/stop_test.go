package fault

import (
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

func TestProgramToldToStopAnswersWhatItAccepted(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	p := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	l := newLoad("e", wishes, signUp(t, p, 4))
	for i, w := range l.wishes {
		w.async = i%2 == 0 // so that the followers have pages before them
	}
	var end error
	var took time.Duration
	l.run(t.Context(), struck, func() {
		began := time.Now()
		end = p.Stop()
		took = time.Since(began)
	})
	t.Logf("ended after %v; answers by status, 0 for none: %v", took, l.outcomes())
	if end != nil {
		t.Errorf("the program ended with %v\n%s", end, p.Log())
	}

	// Nobody runs the log's followers now: what is there is what was committed.
	conn := embedded(t, dir)
	written := l.written(t, conn)
	for _, w := range l.wishes {
		switch {
		case w.status == http.StatusCreated:
			if written[w.key] != 1 {
				t.Errorf("%s was acknowledged and is %d times in the log", w.key, written[w.key])
			}
		case w.status != 0:
			t.Errorf("%s: got %d, want 201 or no connection", w.key, w.status)
		case written[w.key] != 0:
			t.Errorf("%s was carried out and not answered: %v", w.key, w.err)
		}
	}
	refused := 0
	for _, w := range l.wishes {
		if errors.Is(w.err, syscall.ECONNREFUSED) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no connection was refused: not stopped in the middle")
	}
	wantWholeLog(t, conn)
	t.Logf("the projection of read.tickets stopped at %d, the log at %d",
		wantFold(t, conn), kit.One[int64](t, conn, `SELECT position FROM log_head`))
}
