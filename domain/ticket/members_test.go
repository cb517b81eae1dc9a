package ticket

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
)

func called(id domain.UserID) string { return "person " + id.String()[35:] }

func TestMembersThatChanged(t *testing.T) {
	opened := Evolve(State{}, Opened{Number: 7, Title: "Printer", Description: "It smokes.", Priority: High, CreatedBy: ann.ID, OpenedBy: ann.ID})
	taken := Evolve(opened, Assigned{AssignedTo: eve.ID})
	for _, c := range []struct {
		name          string
		before, after State
		want          []string
	}{
		{"nothing", opened, opened, nil},
		{"the opening", State{}, opened, []string{
			"title: <nil> → Printer", "description: <nil> → It smokes.", "priority: <nil> → high", "status: <nil> → open", "created_by: <nil> → " + called(ann.ID)}},
		{"an empty text at the opening", State{}, State{Opening: 1}, []string{
			"title: <nil> → ", "description: <nil> → ", "priority: <nil> → ", "status: <nil> → "}},
		{"several", opened, Evolve(Evolve(opened, Retitled{Title: "Plotter"}), Prioritised{Priority: Low}), []string{"title: Printer → Plotter", "priority: high → low"}},
		{"an assignment", opened, taken, []string{"assigned_to: <nil> → " + called(eve.ID)}},
		{"a ticket given back", taken, opened, []string{"assigned_to: " + called(eve.ID) + " → <nil>"}},
		{"a deletion, which is no member", taken, Evolve(taken, Deleted{}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, m := range Changed(c.before, c.after) {
				got = append(got, m.Name+": "+printed(m.Shown(c.before, called))+" → "+printed(m.Shown(c.after, called)))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func printed(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Priority:
		return string(v)
	case Status:
		return string(v)
	}
	return "<nil>"
}

func TestHowAChangeIsSaid(t *testing.T) {
	opened := Evolve(State{}, Opened{Title: "Printer", Description: "It smokes.", Priority: High, CreatedBy: ann.ID, OpenedBy: ann.ID})
	taken := Evolve(opened, Assigned{AssignedTo: eve.ID})
	for _, c := range []struct {
		before, after State
		want          string
	}{
		{opened, Evolve(opened, Retitled{Title: "Plotter"}), "changed the title"},
		{opened, Evolve(opened, Described{Description: "No."}), "changed the description"},
		{opened, Evolve(opened, Prioritised{Priority: Low}), "changed the priority from high to low"},
		{opened, Evolve(opened, Started{}), "changed the status from open to in-progress"},
		{opened, taken, "assigned the ticket to " + called(eve.ID)},
		{taken, opened, "took the ticket from " + called(eve.ID)},
	} {
		t.Run(c.want, func(t *testing.T) {
			changed := Changed(c.before, c.after)
			if len(changed) != 1 {
				t.Fatalf("%d members changed", len(changed))
			}
			if got := changed[0].Said(c.before, c.after, called); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A value that Go cannot compare with == is compared by its member.
func TestAMemberMayBeAList(t *testing.T) {
	lines := value[[]string]{
		of:    func(s State) ([]string, bool) { return strings.Fields(s.Title), true },
		equal: slices.Equal[[]string],
		shown: func(v []string, _ Names) any { return v },
		text:  func(v []string, _ Names) string { return strings.Join(v, ", ") },
	}.member("words", "words", `["a"]`)
	a, same, other := State{Opening: 1, Title: "a b"}, State{Opening: 1, Title: "a  b"}, State{Opening: 1, Title: "a c"}
	if !lines.Equal(a, same) || lines.Equal(a, other) || lines.Equal(State{}, a) || !lines.Equal(State{}, State{}) {
		t.Error("lists are not compared by what is in them")
	}
	if got, want := lines.Said(a, other, called), "changed the words from a, b to a, c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatTheTableOfMembersHolds(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Members() {
		if seen[m.Name] || m.Label == "" || !json.Valid([]byte(m.Example)) {
			t.Errorf("%s: a second time, without a label, or its example %s is no JSON", m.Name, m.Example)
		}
		seen[m.Name] = true
	}
	var c OpenTicket
	for _, m := range Members() {
		if m.Opening != nil {
			if err := json.Unmarshal([]byte(m.Example), m.Opening(&c)); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
	if diff := cmp.Diff(OpenTicket{Title: "Printer smokes", Description: "Again.", Priority: High}, c); diff != "" {
		t.Errorf("opened by the examples (-want +got):\n%s", diff)
	}
}
