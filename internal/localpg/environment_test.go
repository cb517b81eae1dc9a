package localpg

import (
	"slices"
	"strings"
	"testing"
)

func TestNoOtherProgramLearnsOurSecrets(t *testing.T) {
	t.Setenv("HELPDESK_MASTER_KEY", "a secret")
	t.Setenv("HELPDESK_SMTP_PASSWORD", "a secret")
	t.Setenv("PGPASSWORD", "a secret")
	t.Setenv("OTHER", "no secret")
	env := childEnv()
	if i := slices.IndexFunc(env, func(kv string) bool { return strings.HasSuffix(kv, "=a secret") }); i >= 0 {
		t.Errorf("%s is passed on", env[i])
	}
	if !slices.Contains(env, "OTHER=no secret") {
		t.Errorf("what is no secret of ours is kept back: %v", env)
	}
}
