package e2e

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"helpdesk/test/program"
)

// TestRestarts ends the program, orderly and not, and goes on with the next.
func TestRestarts(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	v := d.Admin.Opens(t, "Before the restart")
	d.Admin.Comments(t, v, "Said before.", false)
	ends := []struct {
		name string
		end  func(t *testing.T)
	}{
		{"told to stop", func(t *testing.T) {
			if err := d.Stop(); err != nil {
				t.Errorf("the program ended with %v\n%s", err, d.Log())
			}
		}},
		{"killed", func(*testing.T) { d.Kill() }},
	}
	outlives := t // a program started in a subtest serves the next one too
	for _, c := range ends {
		t.Run("once "+c.name, func(t *testing.T) {
			last := d.Admin.Opens(t, "The last before the end")
			c.end(t)
			d.Program = program.Serve(outlives, d.Env...)
			d.Admin.URL = d.URL
			if got := program.Get[program.User](t, d.Admin, "/api/me/"); got.Username != "root" {
				t.Errorf("the session is %q's", got.Username)
			}
			if got := d.Admin.Sees(t, v); got.CommentCount != 1 || got.Title != v.Title {
				t.Errorf("the ticket from before: %+v", got)
			}
			if got := d.Admin.Sees(t, last); got.ID != last.ID {
				t.Errorf("the last ticket before the end: %+v", got)
			}
			if next := d.Admin.Opens(t, "After the restart"); next.Number <= last.Number {
				t.Errorf("the next number is %d after %d", next.Number, last.Number)
			}
		})
	}
}

// TestRequestsUnderWayAreFinished stops the program while it writes: whatever
// was answered is there afterwards.
func TestRequestsUnderWayAreFinished(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	const writers = 8
	answered, started := make(chan []string, writers), make(chan struct{}, writers)
	for range writers {
		go func() {
			var ids []string
			for {
				a, err := d.Admin.Do(t.Context(), "POST", tickets, program.Opening("Under way"))
				if err != nil || a.Status != http.StatusCreated {
					answered <- ids
					return
				}
				var v program.Ticket
				a.Into(t, &v)
				if ids = append(ids, v.ID); len(ids) == 3 {
					started <- struct{}{}
				}
			}
		}()
	}
	for range writers {
		<-started
	}
	if err := d.Stop(); err != nil {
		t.Fatalf("the program ended with %v\n%s", err, d.Log())
	}
	next := program.Serve(t, d.Env...)
	written := 0
	admin := next.SignIn(t, "root")
	for range writers {
		for _, id := range <-answered {
			program.Get[program.Ticket](t, admin, tickets+id+"/")
			written++
		}
	}
	if count := *program.Get[program.List[program.Ticket]](t, admin, tickets+"?count=true").Count; count < int64(written) {
		t.Errorf("%d tickets are there, %d were answered", count, written)
	}
}

func TestOperators(t *testing.T) {
	t.Parallel()
	metricsAddr := freeAddress(t)
	d := program.Open(t, "HELPDESK_METRICS_ADDR="+metricsAddr)
	anyone := d.Client(t)
	t.Run("it is alive and ready", func(t *testing.T) {
		for _, path := range []string{"/healthz", "/readyz"} {
			anyone.Must(t, http.StatusOK, "GET", path, nil)
			anyone.Must(t, http.StatusOK, "HEAD", path, nil)
		}
	})
	t.Run("metrics are where they were moved to, and nowhere else", func(t *testing.T) {
		anyone.Must(t, http.StatusNotFound, "GET", "/metrics", nil)
		moved := d.Client(t)
		moved.URL = "http://" + metricsAddr
		if body := string(moved.Must(t, http.StatusOK, "GET", "/metrics", nil).Body); !strings.Contains(body, "go_goroutines") || !strings.Contains(body, "process_open_fds") {
			t.Errorf("metrics lack the process:\n%.500s", body)
		}
	})
	t.Run("createsuperuser refuses what registering refuses", func(t *testing.T) {
		for name, c := range map[string]struct{ username, email, password, want string }{
			"a weak password": {"boss", "boss@example.com", "password123", "password"},
			"a taken name":    {"ROOT", "boss@example.com", program.Secret, "username"},
			"a taken address": {"boss", "Root@example.com", program.Secret, "email"},
			"no name at all":  {" ", "boss@example.com", program.Secret, "username"},
		} {
			_, stderr, err := program.Run(t.Context(), t, c.password+"\n", d.Env, "createsuperuser", "--username", c.username, "--email", c.email)
			if err == nil || !strings.Contains(stderr, c.want) || internals.MatchString(stderr) {
				t.Errorf("%s: got %v, %q", name, err, stderr)
			}
		}
	})
	t.Run("a second program shares the database", func(t *testing.T) {
		second := program.Serve(t, append([]string{"HELPDESK_METRICS_ADDR="}, d.Env[:len(d.Env)-1]...)...)
		a := d.Admin.Must(t, http.StatusCreated, "POST", tickets, program.Opening("Seen by both"))
		there := &program.Person{Client: second.Client(t)}
		there.Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("root"))
		there.Must(t, http.StatusOK, "GET", a.Header.Get("Location"), nil, "Min-Event-Position", a.Header.Get("Event-Position"))
	})
	t.Run("migrate runs beside it", func(t *testing.T) {
		if _, stderr, err := program.Run(t.Context(), t, "", d.Env, "migrate"); err != nil {
			t.Errorf("migrate: %v\n%s", err, stderr)
		}
	})
}

// freeAddress returns an address on loopback that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestStartsThatAreRefused(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	taken := strings.TrimPrefix(d.URL, "http://")
	for name, env := range map[string][]string{
		"HELPDESK_ADDR":             {"HELPDESK_ADDR=" + taken},
		"HELPDESK_METRICS_ADDR":     {"HELPDESK_METRICS_ADDR=" + taken},
		"HELPDESK_AGENT_VISIBILITY": {"HELPDESK_AGENT_VISIBILITY=some"},
		"HELPDESK_LOG_FORMAT":       {"HELPDESK_LOG_FORMAT=xml"},
		"HELPDESK_PUBLIC_URL":       {"HELPDESK_PUBLIC_URL=desk"},
	} {
		t.Run("for its "+name, func(t *testing.T) {
			p, err := program.TryServe(t, append(d.Env, env...)...)
			if err == nil {
				t.Fatalf("the program started at %s", p.URL)
			}
			if !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), taken) {
				t.Errorf("the error names neither the setting nor its value: %v", err)
			}
		})
	}
	if err := syscall.Kill(d.PID(), 0); err != nil {
		t.Errorf("the first program is gone: %v", err)
	}
}
