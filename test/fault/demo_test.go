package fault

import (
	"bufio"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// TestADemoIsLoadedOnceThoughItWasKilled kills the command when it has begun,
// and gives it again, with and without the service.
func TestADemoIsLoadedOnceThoughItWasKilled(t *testing.T) {
	t.Parallel()
	env := []string{"HELPDESK_DATA_DIR=" + program.DataDir(t)}
	demo := []string{"demo", "--tickets", "120"}

	first := exec.CommandContext(t.Context(), program.Binary(t), demo...)
	first.Env = program.Environ(env...)
	out, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	said, _ := bufio.NewReader(out).ReadString('\n') // the people follow
	_ = first.Process.Kill()
	_ = first.Wait()
	if !strings.HasPrefix(said, "652 people sign in with the password ") {
		t.Fatalf("it said %q", said)
	}

	again := program.Must(t, "", env, demo...)
	if !strings.Contains(again, "is in: 120 tickets. ") {
		t.Errorf("given again, it said %q", again)
	}
	p := program.Serve(t, env...)
	if third := program.Must(t, "", env, demo...); !strings.Contains(third, "is in: 120 tickets. 0 events were written now.") {
		t.Errorf("given a third time, it said %q", third)
	}

	// Whoever was registered before it was killed has the first password.
	login := regexp.MustCompile(`password (\w+),.* (\S+) \(admin\)`).FindStringSubmatch(again + said)
	if login == nil {
		t.Fatalf("no admin is named in %q", again+said)
	}
	admin := p.Client(t)
	admin.Must(t, http.StatusOK, "POST", "/api/login/", map[string]string{"username": login[2], "password": login[1]})
	for _, c := range []struct {
		path        string
		least, most int
	}{
		{"/api/users/", 652, 652},
		{"/api/tickets/", 115, 120}, // some are deleted in their story
	} {
		var list struct{ Count int }
		admin.Must(t, http.StatusOK, "GET", c.path+"?count=true&page_size=1", nil).Into(t, &list)
		if list.Count < c.least || list.Count > c.most {
			t.Errorf("%s lists %d, want %d to %d", c.path, list.Count, c.least, c.most)
		}
	}
}

func TestADemoLeavesADatabaseInUseAlone(t *testing.T) {
	t.Parallel()
	env := []string{"HELPDESK_DATA_DIR=" + program.DataDir(t)}
	program.Must(t, "", env, "migrate")
	program.Superuser(t, env, "early")
	if line := refused(t, "", env, "demo"); !strings.Contains(line, "in use") {
		t.Errorf("got %q, want a line that says the database is in use", line)
	}
}
