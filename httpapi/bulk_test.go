package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/tickets"
)

func bulk(name, operations string, head ...string) request {
	return request{name: name, method: http.MethodPost, path: "/api/tickets/bulk/", body: `{"operations":[` + operations + `]}`, head: head}
}

// outcomes shows each result as "status code version", with a mark where the
// ticket is named.
func outcomes(a tickets.BulkAnswer) (all []string) {
	for _, r := range a.Results {
		code, version, named := "-", 0, ""
		if r.Code != nil {
			code = *r.Code
		}
		if r.Version != nil {
			version = *r.Version
		}
		if r.Ticket != nil {
			named = " named"
		}
		all = append(all, fmt.Sprint(r.Status, " ", code, " ", version, named))
	}
	return all
}

func TestEachOperationOfABulkCallHasItsOwnResult(t *testing.T) {
	d := newFakes()
	w := bulk("admin", `
		{"op":"priority","ticket":7,"priority":"high"},
		{"op":"assign","ticket":"7","assigned_to":"agent","if_match":2},
		{"op":"priority","ticket":7,"priority":"low","if_match":2},
		{"op":"status","ticket":"`+ticketID.String()+`","status":"resolved","reason":" done "},
		{"op":"status","ticket":7,"status":"in-progress"},
		{"op":"assign","ticket":7,"assigned_to":"nobody.here"},
		{"op":"assign","ticket":7,"assigned_to":"alice"},
		{"op":"assign","ticket":8,"assigned_to":null},
		{"op":"status","ticket":7,"status":"resolved"},
		{"op":"delete","ticket":7},
		{"op":"delete","ticket":7}`).send(newAPI(t, d, nil))
	want := []string{
		"200 - 2 named", "200 - 3 named", "412 stale_version 0 named", "200 - 4 named", "422 transition_not_allowed 0 named",
		"422 unknown_reference 0 named", "422 assignee_not_active_staff 0 named", "404 not_found 0", "200 - 4 named", "204 - 5 named", "404 not_found 0",
	}
	if diff := cmp.Diff(want, outcomes(decoded[tickets.BulkAnswer](t, w))); w.Code != http.StatusOK || diff != "" {
		t.Errorf("status %d\n%s (-want +got):\n%s", w.Code, w.Body, diff)
	}
	if got := w.Header().Get("Event-Position"); got != "45" || d.waited != nil {
		t.Errorf("Event-Position %s, waited for %v", got, d.waited)
	}
}

func TestABulkCallDoesWhatASingleOneMay(t *testing.T) {
	w := bulk("alice", `{"op":"assign","ticket":7,"assigned_to":"agent"},{"op":"priority","ticket":7,"priority":"high"}`).send(newAPI(t, newFakes(), nil))
	if diff := cmp.Diff([]string{"403 forbidden 0 named", "200 - 2 named"}, outcomes(decoded[tickets.BulkAnswer](t, w))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w = bulk("agent", `{"op":"assign","ticket":7,"assigned_to":"agent"}`).send(newAPI(t, newFakes(), nil))
	if diff := cmp.Diff([]string{"404 not_found 0"}, outcomes(decoded[tickets.BulkAnswer](t, w))); diff != "" { // and not its id
		t.Errorf("unseen (-want +got):\n%s", diff)
	}
}

func TestABulkBodyOutOfShapeIsRefusedAsAWhole(t *testing.T) {
	one := `{"op":"delete","ticket":7}`
	for _, c := range []struct {
		operations string
		faults     []string
	}{
		{"", []string{"/operations min_items"}},
		{strings.TrimSuffix(strings.Repeat(one+",", 101), ","), []string{"/operations max_items"}},
		{one + `,{"op":"explode","ticket":7}`, []string{"/operations/1/op enum"}},
		{`{"op":"delete"}`, []string{"/operations/0/ticket required"}},
		{`{"op":"delete","ticket":7,"x":1}`, []string{"/operations/0/x unknown"}},
		{`{"op":"delete","ticket":7,"status":"open"}`, []string{"/operations/0/status unknown"}},
		{`{"op":"status","ticket":7}`, []string{"/operations/0/status required"}},
		{`{"op":"assign","ticket":7,"priority":"low"}`, []string{"/operations/0/assigned_to required", "/operations/0/priority unknown"}},
		{`{"op":"priority","ticket":7,"priority":"low","reason":"x"}`, []string{"/operations/0/reason unknown"}},
		{`{"op":"delete","ticket":7,"if_match":0}`, []string{"/operations/0/if_match minimum"}},
		{`{"op":"priority","ticket":7,"priority":"x"}`, []string{"/operations/0/priority enum"}},
		{`{"op":"delete","ticket":7.5}`, []string{"/operations/0/ticket type"}},
	} {
		d := newFakes()
		w := bulk("admin", c.operations).send(newAPI(t, d, nil))
		if diff := cmp.Diff(c.faults, faults(decoded[problem.Problem](t, w))); w.Code != 400 || diff != "" || len(d.requests) > 0 {
			t.Errorf("%.60s: status %d, %d commands (-want +got):\n%s", c.operations, w.Code, len(d.requests), diff)
		}
	}
	if w := bulk("admin", one, `If-Match: "1"`).send(newAPI(t, newFakes(), nil)); w.Code != 400 {
		t.Errorf("If-Match: %d", w.Code)
	}
}

func TestOperationsUnderAKeyHaveIDsOfTheirOwn(t *testing.T) {
	d := newFakes()
	api := newAPI(t, d, nil)
	call := bulk("admin", `{"op":"priority","ticket":7,"priority":"high"},{"op":"priority","ticket":7,"priority":"low"}`, keyed...)
	first, again := call.send(api), call.send(api)
	if len(d.requests) != 2 || d.requests[0].ID == d.requests[1].ID || d.requests[0].ID.Version() != 5 {
		t.Errorf("commands %+v", d.requests)
	}
	if again.Header().Get("Idempotency-Replayed") != "true" || again.Body.String() != first.Body.String() {
		t.Errorf("the repeat: %d %s", again.Code, again.Body)
	}
}

func TestABulkAnswerThatMayYetBeOtherIsNotStored(t *testing.T) {
	d := newFakes()
	d.failing = commands.ErrBusy
	api := newAPI(t, d, nil)
	call := bulk("admin", `{"op":"priority","ticket":7,"priority":"high"}`, keyed...)
	if diff := cmp.Diff([]string{"503 busy 0 named"}, outcomes(decoded[tickets.BulkAnswer](t, call.send(api)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.failing = errors.New("secret")
	if diff := cmp.Diff([]string{"500 internal 0 named"}, outcomes(decoded[tickets.BulkAnswer](t, call.send(api)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.failing = nil
	if diff := cmp.Diff([]string{"200 - 2 named"}, outcomes(decoded[tickets.BulkAnswer](t, call.send(api)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// past is what earlier attempts carried out, by command id.
type past map[uuid.UUID]commands.Outcome

func (p past) Outcome(_ context.Context, id uuid.UUID) (commands.Outcome, error) {
	if out, ok := p[id]; ok {
		return out, nil
	}
	return commands.Outcome{}, domain.ErrNotFound
}

func (past) InFull(_ context.Context, out commands.Outcome, _ ...ticket.Subject) (commands.Outcome, error) {
	return out, nil
}

func (past) At(context.Context, uuid.UUID, int) (commands.Outcome, error) {
	return commands.Outcome{}, domain.ErrNotFound
}

func TestARepeatedBulkCallGoesOnAfterTheLastOperationCarriedOut(t *testing.T) {
	d, book, earlier := newFakes(), &ledger{}, past{}
	api := newAPI(t, d, func(deps *Deps, _ *httpapi.Config) { deps.Answers, deps.Earlier = book, earlier })
	call := bulk("admin", `{"op":"status","ticket":7,"status":"open"},{"op":"priority","ticket":7,"priority":"high"},
		{"op":"status","ticket":7,"status":"resolved"},{"op":"assign","ticket":7,"assigned_to":"agent"}`, keyed...)
	d.failing = commands.ErrBusy // the first attempt gets to know the ids, and no more
	call.send(api)
	d.failing = nil
	if len(d.requests) != 4 {
		t.Fatalf("%d commands", len(d.requests))
	}
	earlier[d.requests[2].ID] = commands.Outcome{StreamID: ticketID.UUID, Version: 9, Position: 77}
	w := call.send(api)
	// The first two had been passed by: they are not carried out behind the third.
	want := []string{"409 idempotency_key_repeated 0 named", "409 idempotency_key_repeated 0 named", "200 - 9 named", "200 - 2 named"}
	if diff := cmp.Diff(want, outcomes(decoded[tickets.BulkAnswer](t, w))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w.Header().Get("Idempotency-Replayed") != "true" || w.Header().Get("Event-Position") != "77" {
		t.Errorf("headers %v", w.Header())
	}
}
