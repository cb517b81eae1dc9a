// Package walk goes through the API by its document alone: every documented
// answer of every call is produced once, and then calls are made at random, as
// every role, with what fits the document and with what does not.
package walk

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helpdesk/test/contract"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// object is a JSON object.
type object = map[string]any

// api is a running program and its document.
type api struct {
	*program.Helpdesk
	*contract.Document
	made atomic.Int64 // of names
}

func open(t *testing.T) *api {
	t.Helper()
	document, err := contract.Golden()
	if err != nil {
		t.Fatal(err)
	}
	return &api{Helpdesk: program.Open(t), Document: document}
}

// waitSigned waits for the first checkpoint of the log.
func (d *api) waitSigned(t *testing.T) {
	t.Helper()
	kit.Poll(t, "the checkpoint", func() bool {
		a, err := d.Admin.Do(t.Context(), "GET", "/audit/checkpoint/", nil)
		return err == nil && a.Status == http.StatusOK
	})
}

// newName returns a username that nobody has.
func (d *api) newName() string { return fmt.Sprintf("walker-%d", d.made.Add(1)) }

// subject makes something of the kind that the path of an operation names, and
// answers the path with it filled in. Of what it does not know how to make, it
// makes one by the call that posts to the list.
func (d *api) subject(t *testing.T, op *contract.Operation) string {
	t.Helper()
	before, after, has := strings.Cut(op.Path, "{")
	if !has {
		return op.Path
	}
	_, after, _ = strings.Cut(after, "}")
	var made string
	switch before {
	case "/api/tickets/":
		made = d.Admin.Opens(t, "Walked by").ID
	case "/api/comments/":
		made = d.Admin.Comments(t, d.Admin.Opens(t, "Walked by"), "Me too.", false).ID
	case "/api/attachments/":
		a := d.Admin.Uploads(t, "walked.png", dot(t))
		d.Admin.Opens(t, "Walked by", object{"attachments": []string{a.ID}})
		made = a.ID
	case "/api/projections/":
		made = "email_ledger" // which nobody here waits for while it is paused
	case "/api/inbound-messages/":
		made = d.receives(t, "quarantine")
	case "/api/users/":
		made = d.newName()
		d.SignUp(t, made)
	default:
		post := d.Find(http.MethodPost, before)
		if post == nil {
			t.Fatalf("%s: nothing says how to make what it names", op.Path)
		}
		made = program.Read[struct{ ID string }](t, d.Admin.Must(t, http.StatusCreated, "POST", before, d.body(t, post))).ID
	}
	return before + made + after
}

// dot returns an image of one pixel.
func dot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// body returns a body that the operation takes: its example, and what is
// required beside, with names that exist in the place of those that may not;
// nil for an operation without one.
func (d *api) body(t *testing.T, op *contract.Operation) object {
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
		"ticket":       func() any { return d.Admin.Opens(t, "Walked by").ID },
		"assigned_to":  func() any { return "root" },
		"username":     func() any { return d.newName() },
		"email":        func() any { return d.newName() + "@example.com" },
		"address":      func() any { return d.newName() + "@example.com" },
		"name":         func() any { return d.newName() },
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
func (d *api) sample(schema object) any {
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
func (d *api) about(op *contract.Operation, id string) string {
	before, after, _ := strings.Cut(op.Path, "{")
	_, after, _ = strings.Cut(after, "}")
	return before + id + after
}

// receives makes a message that came into a mailbox of its own, which does so with
// strangers, and waits until it is judged.
func (d *api) receives(t *testing.T, strangers string) (id string) {
	t.Helper()
	box := program.Read[struct{ ID string }](t, d.Admin.Must(t, http.StatusCreated, "POST", "/api/mailboxes/",
		object{"name": d.newName(), "address": d.newName() + "@example.com", "strangers": strangers}))
	a := d.Admin.Must(t, http.StatusAccepted, "POST", "/api/mailboxes/"+box.ID+"/messages/", aMessage(d), "Content-Type", "message/rfc822")
	id = program.Read[struct{ ID string }](t, a).ID
	kit.Poll(t, "the message to be judged", func() bool {
		return program.Get[struct{ Verdict *string }](t, d.Admin, "/api/inbound-messages/"+id+"/").Verdict != nil
	})
	return id
}

// aMessage returns a message of somebody whom nobody knows.
func aMessage(d *api) string {
	return "From: " + d.newName() + "@example.org\r\nSubject: Walked by\r\n\r\nSo it is.\r\n"
}
