// Package walk goes through the API by its document alone: every documented
// answer of every call is produced once, and then calls are made at random, as
// every role, with what fits the document and with what does not.
package walk

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helpdesk/test/contract"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// secret is everybody's password.
const secret = "lampshade-orbit-53"

// object is a JSON object.
type object = map[string]any

// desk is a running program and its document.
type desk struct {
	*program.Program
	*contract.Document
	env  []string
	root *program.Client // an admin
	made atomic.Int64    // of names
}

func open(t *testing.T) *desk {
	t.Helper()
	document, err := contract.Golden()
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t)
	d := &desk{Document: document, env: []string{
		"HELPDESK_DATABASE_URL=" + db.ServiceURL,
		"HELPDESK_DATABASE_OWNER_URL=" + db.OwnerURL,
		"HELPDESK_RATE_LIMIT=0",
	}}
	d.Program = program.Serve(t, d.env...)
	args := []string{"createsuperuser", "--username", "root", "--email", "root@example.com"}
	if _, stderr, err := program.Run(t.Context(), t, secret+"\n", d.env, args...); err != nil {
		t.Fatalf("createsuperuser: %v\n%s", err, stderr)
	}
	d.root = d.signIn(t, "root")
	return d
}

func (d *desk) signIn(t *testing.T, username string) *program.Client {
	t.Helper()
	c := d.Client(t)
	c.Must(t, http.StatusOK, "POST", "/api/login/", object{"username": username, "password": secret})
	return c
}

// waitSigned waits for the first checkpoint of the log.
func (d *desk) waitSigned(t *testing.T) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := d.root.Do(t.Context(), "GET", "/audit/checkpoint/", nil)
		if err == nil && a.Status == http.StatusOK {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("the log is not signed: %v, %d %s", err, a.Status, a.Body)
		}
	}
}

// newName returns a username that nobody has.
func (d *desk) newName() string { return fmt.Sprintf("walker-%d", d.made.Add(1)) }

// join registers somebody under a name, gives them the role and signs them in.
func (d *desk) join(t *testing.T, username, role string) *program.Client {
	t.Helper()
	d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", registration(username))
	if role != "user" {
		d.root.Must(t, http.StatusOK, "PATCH", "/api/users/"+username+"/", object{"role": role})
	}
	return d.signIn(t, username)
}

func registration(username string) object {
	return object{"username": username, "email": username + "@example.com", "password": secret}
}

// ticket opens a ticket as c and returns its id.
func (d *desk) ticket(t *testing.T, c *program.Client) string {
	t.Helper()
	return id(t, c.Must(t, http.StatusCreated, "POST", "/api/tickets/", object{"title": "Walked by", "description": "It is broken."}))
}

// comment adds a comment to the ticket as c and returns its id.
func (d *desk) comment(t *testing.T, c *program.Client, ticket string) string {
	t.Helper()
	return id(t, c.Must(t, http.StatusCreated, "POST", "/api/comments/", object{"ticket": ticket, "text": "Me too."}))
}

func id(t *testing.T, a program.Answer) string {
	t.Helper()
	var made struct{ ID string }
	a.Into(t, &made)
	return made.ID
}

// subject makes something of the kind that the path of an operation names, and
// answers the path with it filled in. Of what it does not know how to make, it
// makes one by the call that posts to the list.
func (d *desk) subject(t *testing.T, op *contract.Operation) string {
	t.Helper()
	before, after, has := strings.Cut(op.Path, "{")
	if !has {
		return op.Path
	}
	_, after, _ = strings.Cut(after, "}")
	var made string
	switch before {
	case "/api/tickets/":
		made = d.ticket(t, d.root)
	case "/api/comments/":
		made = d.comment(t, d.root, d.ticket(t, d.root))
	case "/api/projections/":
		made = "email_ledger" // which nobody here waits for while it is paused
	case "/api/users/":
		made = d.newName()
		d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", registration(made))
	default:
		post := d.Find(http.MethodPost, before)
		if post == nil {
			t.Fatalf("%s: nothing says how to make what it names", op.Path)
		}
		made = id(t, d.root.Must(t, http.StatusCreated, "POST", before, d.body(t, post)))
	}
	return before + made + after
}

// body returns a body that the operation takes: its example, and what is
// required beside, with names that exist in the place of those that may not;
// nil for an operation without one.
func (d *desk) body(t *testing.T, op *contract.Operation) object {
	t.Helper()
	if op.Body == nil {
		return nil
	}
	body := object{}
	if examples, ok := op.Body["examples"].([]any); ok {
		for name, value := range examples[0].(object) {
			body[name] = value
		}
	}
	required, _ := op.Body["required"].([]any)
	for _, member := range required {
		name := member.(string)
		if _, ok := body[name]; !ok {
			body[name] = d.sample(op.Body["properties"].(object)[name].(object))
		}
	}
	for name, value := range map[string]func() any{
		"ticket":       func() any { return d.ticket(t, d.root) },
		"assigned_to":  func() any { return "root" },
		"username":     func() any { return d.newName() },
		"email":        func() any { return d.newName() + "@example.com" },
		"role":         func() any { return "agent" },
		"new_password": func() any { return "another-lamp-71" },
	} {
		if _, ok := body[name]; ok {
			body[name] = value()
		}
	}
	return body
}

// sample returns a plain value of a schema, and another text each time.
func (d *desk) sample(schema object) any {
	if values, ok := schema["enum"].([]any); ok {
		return values[0]
	}
	switch kindsOf(schema)[0] {
	case "null":
		return nil
	case "integer":
		return 1
	case "boolean":
		return false
	case "array":
		items, _ := schema["items"].(object)
		return []any{d.sample(items)}
	case "object":
		return object{}
	}
	if schema["format"] == "date-time" {
		return time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339)
	}
	return d.newName()
}

// about fills an id into the path of an operation.
func (d *desk) about(op *contract.Operation, id string) string {
	before, after, _ := strings.Cut(op.Path, "{")
	_, after, _ = strings.Cut(after, "}")
	return before + id + after
}
