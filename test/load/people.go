package load

import (
	"testing"

	"helpdesk/test/program"
)

// SignUp makes a user and an agent beside the admin.
func SignUp(t testing.TB, h *program.Helpdesk) People {
	t.Helper()
	return People{
		User: h.Join(t, "uma", "user").Username, Agent: h.Join(t, "amy", "agent").Username,
		Admin: h.Admin.Username, Password: program.Secret,
	}
}
