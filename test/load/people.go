package load

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"helpdesk/test/program"
)

// SignUp makes one of each role, on a desk without anybody. env is the program's.
func SignUp(t *testing.T, p *program.Program, env []string) People {
	t.Helper()
	all := People{User: "uma", Agent: "amy", Admin: "root", Password: "engine-no-42"}
	args := []string{"createsuperuser", "--username", all.Admin, "--email", "root@example.com"}
	if _, stderr, err := program.Run(t.Context(), t, all.Password+"\n", env, args...); err != nil {
		t.Fatalf("createsuperuser: %v\n%s", err, stderr)
	}
	admin := p.Client(t)
	admin.Must(t, http.StatusOK, http.MethodPost, "/api/login/", fmt.Sprintf(`{"username": %q, "password": %q}`, all.Admin, all.Password))
	for _, username := range []string{all.User, all.Agent} {
		body, err := json.Marshal(map[string]string{"username": username, "email": username + "@example.com", "password": all.Password})
		if err != nil {
			t.Fatal(err)
		}
		p.Client(t).Must(t, http.StatusCreated, http.MethodPost, "/api/register/", body)
	}
	admin.Must(t, http.StatusOK, http.MethodPatch, "/api/users/"+all.Agent+"/", `{"role": "agent"}`)
	return all
}
