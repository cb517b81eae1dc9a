package e2e

import (
	"net/http"
	"testing"

	"helpdesk/test/program"
)

func TestAFullTicketTakesNoMoreAndCanBeClosed(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_TICKET_COMMENTS=2")
	ann := d.Join(t, "ann", "user")
	ticket := program.Read[program.Ticket](t, ann.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening("x")))
	say := func(status int) program.Answer {
		return ann.Must(t, status, "POST", "/api/comments/", object{"ticket": ticket.ID, "text": "so"})
	}
	say(http.StatusCreated)
	second := program.Read[struct{ ID string }](t, say(http.StatusCreated))
	ann.Must(t, http.StatusNoContent, "DELETE", "/api/comments/"+second.ID+"/", nil)
	if got := program.Read[struct{ Code, Detail string }](t, say(http.StatusUnprocessableEntity)); got.Code != "ticket_full" {
		t.Errorf("got %+v", got)
	}
	ann.Must(t, http.StatusOK, "POST", "/api/tickets/"+ticket.ID+"/close/", nil)
}
