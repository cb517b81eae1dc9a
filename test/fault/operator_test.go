package fault

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// refused runs a subcommand that is to end with exit code 1, saying nothing but
// one line on standard error, and returns that line.
func refused(t *testing.T, stdin string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stdout, stderr, err := program.Run(ctx, t, stdin, env, args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("helpdesk %s: got %v, want exit code 1", strings.Join(args, " "), err)
	}
	line, rest, _ := strings.Cut(stderr, "\n")
	if rest != "" || !strings.HasPrefix(line, "helpdesk: ") || stdout != "" {
		t.Errorf("helpdesk %s printed\n%s%s\nwant one line of refusal", strings.Join(args, " "), stdout, stderr)
	}
	return line
}

// superuser are the arguments that make an admin of that name.
func superuser(name string) []string {
	return []string{"createsuperuser", "--username", name, "--email", name + "@example.com"}
}

func TestOperatorsCommandsWorkWithAndWithoutTheService(t *testing.T) {
	t.Parallel()
	dir := "HELPDESK_DATA_DIR=" + program.DataDir(t)
	env := []string{dir}
	byVariable := []string{dir, "HELPDESK_SUPERUSER_PASSWORD=" + program.Secret}

	// Without the service, from nothing.
	if got, want := program.Must(t, "", env, "migrate"), "The schema is up to date.\n"; got != want {
		t.Errorf("migrate printed %q, want %q", got, want)
	}
	if got, want := program.Must(t, program.Secret+"\n", env, superuser("early")...), "early is an admin now.\n"; got != want {
		t.Errorf("createsuperuser printed %q, want %q", got, want)
	}
	program.Must(t, "", byVariable, superuser("early-too")...)

	// Beside the service, at the same Postgres.
	p := program.Serve(t, append(env, "HELPDESK_LOG_LEVL=debug")...)
	if !strings.Contains(p.Log(), "HELPDESK_LOG_LEVL") {
		t.Errorf("nothing is said of an unknown variable:\n%s", p.Log())
	}
	program.Must(t, "", env, "migrate")
	program.Must(t, program.Secret, env, superuser("late")...) // without a line break
	program.Must(t, "", byVariable, superuser("late-too")...)
	early := p.SignIn(t, "early")
	for _, name := range []string{"early-too", "late", "late-too"} {
		p.SignIn(t, name)
		eventually(t, name+" shown to others", func(ctx context.Context) bool {
			a, err := early.Do(ctx, "GET", "/api/users/"+name+"/", nil)
			return err == nil && a.Status == http.StatusOK && strings.Contains(string(a.Body), `"admin"`)
		})
	}

	for _, c := range []struct {
		name, stdin string
		args        []string
		says        string
	}{
		{"a password that is too short", "Xy7!\n", superuser("new"), "8 characters"},
		{"a common password", "password123\n", superuser("new"), "common"},
		{"a password like the username", "somebody-else\n", superuser("somebody"), "like the username"},
		{"no password at all", "", superuser("new"), "HELPDESK_SUPERUSER_PASSWORD"},
		{"an empty password", "\n", superuser("new"), "8 characters"},
		{"a taken username", program.Secret, superuser("early"), "username"},
		{"a taken username in another case", program.Secret, superuser("EARLY"), "username"},
		{"a taken mail address", program.Secret, []string{"createsuperuser", "--username", "new", "--email", "Early@example.com"}, "mail"},
		{"a username out of shape", program.Secret, superuser("two words"), "username"},
		{"no username", program.Secret, []string{"createsuperuser", "--email", "new@example.com"}, "--username"},
		{"no mail address", program.Secret, []string{"createsuperuser", "--username", "new"}, "--email"},
		{"an argument too many", program.Secret, append(superuser("new"), "more"), "more"},
		{"an unknown flag", program.Secret, append(superuser("new"), "--root"), "--root"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			line := refused(t, c.stdin, env, c.args...)
			if !strings.Contains(line, c.says) || strings.Contains(line, program.Secret) {
				t.Errorf("got %q, want a line with %q", line, c.says)
			}
			t.Log(line)
		})
	}
	early.Must(t, http.StatusNotFound, "GET", "/api/users/new/", nil)
}

func TestDataAndSessionsAreKeptBetweenRuns(t *testing.T) {
	t.Parallel()
	env := "HELPDESK_DATA_DIR=" + program.DataDir(t)
	p := program.Serve(t, env)
	person := signUp(t, p, 1)[0]
	a := person.Must(t, http.StatusCreated, "POST", "/api/tickets/", map[string]string{"title": "One", "description": "It smokes."})
	id, _ := idAndVersion(a)
	before := person.Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
	for range 2 {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		p = program.Serve(t, env)
		person.URL = p.URL
		after := person.Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
		if got, want := string(after.Body), string(before.Body); got != want {
			t.Errorf("after a restart: got %s, want %s", got, want)
		}
	}
}
