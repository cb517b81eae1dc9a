package e2e

import (
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// Texts that were taken back, and those that stand in their place.
var (
	takenBack = []string{"salary5200", "salary5201", "salary5202", "salary5203", "salary5204"}
	stands    = []string{"sorry", "Printer", "humming"}
)

// TestWhoIsNoStaffReadsNoTextThatWasTakenBack goes through every door there is to the
// past of a ticket.
func TestWhoIsNoStaffReadsNoTextThatWasTakenBack(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve, ida := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	v := bob.Opens(t, "Printer", object{"description": "humming"})
	d.Admin.Assigns(t, v, "eve")
	removed := eve.Comments(t, v, "your salary5200", false)
	edited := eve.Comments(t, v, "your salary5201", false)
	eve.Must(t, http.StatusOK, "PATCH", edited.Path(), object{"text": "your salary5202"})
	eve.Must(t, http.StatusOK, "PATCH", edited.Path(), object{"text": "sorry"})
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "your salary5203", "description": "your salary5204"})
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Printer", "description": "humming"})
	eve.Must(t, http.StatusNoContent, "DELETE", removed.Path(), nil)
	p := pastOf(t, d, v, takenBack...)

	for _, door := range doors() {
		t.Run(door.name, func(t *testing.T) {
			shown := door.opens(t, d, bob, p)
			for _, text := range takenBack {
				if at := strings.Index(shown, text); at >= 0 {
					t.Errorf("bob reads %q: …%s…", text, shown[max(at-150, 0):min(at+60, len(shown))])
				}
			}
			for _, who := range []*program.Person{eve, ida} {
				whole := door.opens(t, d, who, p)
				if !strings.Contains(whole, "salary520") {
					t.Errorf("%s reads nothing that was taken back", who.Username)
				}
				if door.narrow {
					continue
				}
				for _, text := range takenBack {
					if !strings.Contains(whole, text) {
						t.Errorf("%s does not read %q", who.Username, text)
					}
				}
			}
			for _, text := range stands {
				if !door.narrow && !strings.Contains(shown, text) {
					t.Errorf("bob does not read %q, which stands", text)
				}
			}
		})
	}
}
