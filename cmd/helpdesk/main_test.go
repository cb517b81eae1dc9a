package main

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"helpdesk/cmd/helpdesk/program"
)

// run runs the command line and returns what it printed on standard output.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newCommand()
	root.SetArgs(append([]string{}, args...)) // nil would be those of the test
	root.SetOut(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestHelpOfEverySubcommandSaysWhatItIsFor(t *testing.T) {
	root := newCommand()
	for _, c := range append(root.Commands(), root) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		out, err := run(t, args...)
		if err != nil {
			t.Errorf("helpdesk %s: %v", strings.Join(args, " "), err)
		}
		purpose := cmp.Or(c.Long, c.Short)
		if c.Short == "" || !strings.HasPrefix(out, purpose) || !strings.Contains(out, c.CommandPath()) {
			t.Errorf("helpdesk %s printed\n%s\nwant its purpose, %q, and its usage", strings.Join(args, " "), out, purpose)
		}
	}
	out, err := run(t)
	if err != nil {
		t.Errorf("helpdesk alone: %v", err)
	}
	for _, c := range root.Commands() {
		if !strings.Contains(out, c.Name()) || !strings.Contains(out, c.Short) {
			t.Errorf("helpdesk alone does not list %s:\n%s", c.Name(), out)
		}
	}
}

func TestWhatIsNoSubcommandIsRefused(t *testing.T) {
	for _, args := range [][]string{{"frobnicate"}, {"serve", "now"}, {"migrate", "now"}, {"version", "now"}, {"serve", "--port=80"}, {"people", "frobnicate"}} {
		if out, err := run(t, args...); err == nil || strings.Contains(program.Explain(err), "\n") || out != "" {
			t.Errorf("helpdesk %s: got %v and %q, want one line of refusal", strings.Join(args, " "), err, out)
		}
	}
}

func TestAWrongCommandLineShowsTheUsage(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"serve --port=80", "usage: helpdesk serve [flags]"},
		{"people export", "usage: helpdesk people export USER [flags]"},
		{"people export ann bob", "usage: helpdesk people export USER [flags]"},
		{"projections pause", "usage: helpdesk projections pause NAME... [flags]"},
		{"tickets import --from", "usage: helpdesk tickets import FILE.ndjson [flags]"},
	} {
		if _, err := run(t, strings.Fields(c.line)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("helpdesk %s: got %v, want it to hold %q", c.line, err, c.want)
		}
	}
}
