package readmodels

import (
	"strings"
	"testing"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/keyring"
	"helpdesk/test/kit"
)

// Nothing but the one append erases here, as when whoever gave the command was
// killed right after it.
func TestOfSomebodyErasedTheReadModelsShowNothing(t *testing.T) {
	t.Parallel()
	for _, pageSize := range []int{1, 1000} {
		d := newModels(t)
		d.register(t)
		fresh := d.follow(t, pageSize)
		c := newCrowd(d, 7)
		for c.written < 150 {
			c.act(t)
		}
		d.project(t, fresh)
		eve := everybody["eve"].ID
		streams, err := d.Store.StreamsOf(kit.Context(t), eve.UUID)
		if err != nil || len(streams) < 3 {
			t.Fatalf("streams with texts of hers: %v, %v", streams, err)
		}
		erase := user.Erase{By: user.By{Actor: domain.System()}, Streams: streams}
		if _, err := d.people.Erase(kit.Context(t), commands.Request{}, eve, erase, keyring.Destroy(eve.UUID)); err != nil {
			t.Fatal(err)
		}
		for c.written < 200 { // of the others, and of hers what was under way
			c.act(t)
		}
		d.project(t, fresh)
		d.checkTables(t) // against the log, which shows nothing of hers
		u, err := d.User(kit.Context(t), eve)
		if err != nil || u.Username != domain.Erased || u.Email != domain.Erased || u.LastName != domain.Erased || u.IsActive {
			t.Errorf("she is shown as %+v, %v", u, err)
		}
		var hers int
		const q = `SELECT count(*) FROM read.comments WHERE author_id = $1 AND text <> $2`
		if err := d.Pool.QueryRow(kit.Context(t), q, eve.UUID, domain.Erased).Scan(&hers); err != nil || hers > 0 {
			t.Errorf("%d comments of hers are shown, %v", hers, err)
		}
		const titles = `SELECT count(*) FROM read.ticket_history WHERE title_by = $1 AND title <> $2`
		if err := d.Pool.QueryRow(kit.Context(t), titles, eve.UUID, domain.Erased).Scan(&hers); err != nil || hers > 0 {
			t.Errorf("%d titles of hers are kept, %v", hers, err)
		}
		for _, e := range d.log(t) {
			if e.PersonID.UUID == eve.UUID && strings.Contains(string(e.Data), "eve@example.com") {
				t.Errorf("her address is in the log: %s", e.Data)
			}
		}
	}
}
