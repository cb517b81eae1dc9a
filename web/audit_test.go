package web

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

func logged(position int64, data string) projections.LoggedEvent {
	name := "admin"
	return projections.LoggedEvent{
		Shown: eventstore.Shown{Recorded: eventstore.Recorded{Position: position, Type: "ticket.opened", StreamID: ticketID.UUID, Data: json.RawMessage(data), RecordedAt: noon, OccurredAt: noon}},
		Actor: view.Actor{Kind: domain.ActorUser, Username: &name},
	}
}

func TestTheLogIsReadFromItsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "auditor", "/admin/audit/"), 200, "No event fits")
	for at := int64(eventsPage + 3); at > 0; at-- {
		d.log = append(d.log, logged(at, `{"title":"<i>"}`))
	}
	d.log[0].Unreadable = errors.New("altered")
	w := get(s, "auditor", "/admin/audit/?type=ticket.opened")
	holds(t, w, 200, "{\n  &#34;title&#34;: &#34;&lt;i&gt;&#34;\n}", "cannot be read", `<option value="ticket.opened" selected>`, `<optgroup label="user">`, `rel="next"`)
	holds(t, get(s, "auditor", hrefOf(t, w.Body.String(), `rel="next" href="`)), 200, "Newest")
	if diff := cmp.Diff(projections.EventQuery{Upto: 3, Types: []string{"ticket.opened"}, Last: true}, d.asked); diff != "" {
		t.Errorf("older events (-want +got):\n%s", diff)
	}
	for of, want := range map[string]uuid.UUID{
		"": uuid.Nil, "%237": ticketID.UUID, "7": ticketID.UUID, "agent": account("agent").ID.UUID, ticketID.String(): ticketID.UUID,
	} {
		holds(t, get(s, "admin", "/admin/audit/?of="+of), 200)
		if d.asked.Stream != want || d.asked.Upto != 40 {
			t.Errorf("of %q is asked for as %+v", of, d.asked)
		}
	}
	holds(t, get(s, "admin", "/admin/audit/?of=nemo"), 200, "There is nothing of this name")
	holds(t, get(s, "admin", "/admin/audit/?of=8"), 200, "There is nothing of this name")
	for _, query := range []string{"?type=ticket.sung", "?before=0", "?before=x", "?of=%00"} {
		holds(t, get(s, "admin", "/admin/audit/"+query), 400)
	}
}

func TestALongLogIsSievedInParts(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.head = 3*sievedMost + 7
	s := newSite(t, d)
	at := "/admin/audit/?type=ticket.opened"
	for i, after := range []int64{2*sievedMost + 7, sievedMost + 7, 7, 0} {
		w := get(s, "admin", at)
		if d.asked.After != after {
			t.Errorf("part %d is after %d, want %d", i, d.asked.After, after)
		}
		if after == 0 {
			holds(t, w, 200, "No event fits")
			break
		}
		holds(t, w, 200, "in this part of the log")
		at = hrefOf(t, w.Body.String(), `rel="next" href="`)
	}
	get(s, "admin", "/admin/audit/?type=ticket.opened&of=7")
	if d.asked.After != 0 {
		t.Errorf("a stream, which has an index, is sieved after %d", d.asked.After)
	}
}

func TestTheLogIsVerifiedWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "auditor", "/admin/audit/proof/"), 200, "38", "Not signed yet", "desk.example.com", "Download the log")
	holds(t, post(s, "auditor", "/admin/audit/proof/verify/"), 200, `max="40" value="10"`, `value="40"`, "40 events are as they were recorded", "3 agree", "newest 2 events", "</html>")
	d.verifying = func() {
		holds(t, post(s, "admin", "/admin/audit/proof/verify/"), 503, "being read already")
		holds(t, post(s, "admin", "/admin/audit/proof/export/"), 503, "being read already")
	}
	holds(t, post(s, "auditor", "/admin/audit/proof/verify/"), 200)
	d.verifying = nil
	d.proofErr = &Alteration{Position: 17, Why: "another <hash>"}
	holds(t, post(s, "admin", "/admin/audit/proof/verify/"), 200, "not as it was recorded", "another &lt;hash&gt;", "#e17")
	d.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "there is no key"}
	holds(t, post(s, "admin", "/admin/audit/proof/verify/"), 200, "There is no key.", "not verified")
	d.proofErr = errors.New("secret")
	w := post(s, "admin", "/admin/audit/proof/verify/")
	holds(t, w, 200, "could not be read to its end")
	lacks(t, w.Body.String(), "secret")
	holds(t, post(s, "agent", "/admin/audit/proof/verify/"), 403)
	d.unsigned = true
	holds(t, get(s, "auditor", "/admin/audit/proof/"), 200, "Nothing is signed yet")
}

func TestTheLogIsDownloaded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := post(s, "auditor", "/admin/audit/proof/export/")
	if w.Code != 200 || w.Body.String() != "PK" || w.Header().Get("Content-Type") != "application/zip" || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
	}
	post(s, "auditor", "/admin/audit/proof/verify/")
	post(s, "admin", "/admin/audit/proof/verify/")
	if diff := cmp.Diff([]string{"access.record_read auditor", "access.record_read auditor"}, d.recorded); diff != "" {
		t.Errorf("on record is what auditors do (-want +got):\n%s", diff)
	}
	d.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "nothing is signed yet"}
	holds(t, post(s, "auditor", "/admin/audit/proof/export/"), 422, "Nothing is signed yet.")
	holds(t, post(s, "user", "/admin/audit/proof/export/"), 403)
}
