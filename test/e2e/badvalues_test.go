package e2e

import (
	"strings"

	"github.com/google/uuid"

	"helpdesk/test/program"
)

// badText is texts that are too long, blank, or hold what no text may.
func (s *shop) badText() []bad {
	var all []bad
	post := func(name, path, member string, body object) {
		all = append(all, bad{name: name, method: "POST", path: path, body: body, status: 400, pointers: []string{"/" + member}})
	}
	long := strings.Repeat("ä", 20_001)
	for name, value := range map[string]string{
		"of 201 characters": strings.Repeat("ä", 201), "that is blank": " \t\n ", "that is empty": "",
		"with a NUL": "a\x00b", "with a notifier": "a\x07b", "with an escape": "a\x1b[2Jb", "with DEL": "a\x7fb",
		"with a C1 control": "a\u0085b", "of two lines": "a\nb", "with a tab": "a\tb",
	} {
		post("a title "+name, tickets, "title", program.Opening(value))
		all = append(all, bad{name: "a change to a title " + name, method: "PATCH", path: s.ticket.Path(),
			body: object{"title": value}, status: 400, pointers: []string{"/title"}})
	}
	for name, value := range map[string]string{
		"of 20,001 characters": long, "that is blank": "\u00a0\r\n", "with a NUL": "a\x00b", "with a form feed": "a\fb",
	} {
		post("a description "+name, tickets, "description", object{"title": "x", "description": value})
		post("a comment "+name, comments, "text", object{"ticket": s.ticket.ID, "text": value})
		all = append(all, bad{name: "a change to a comment " + name, method: "PUT", path: s.comment.Path(),
			body: object{"text": value}, status: 400, pointers: []string{"/text"}})
	}
	post("a reason of 1,001 characters", s.ticket.Path("close"), "reason", object{"reason": strings.Repeat("x", 1001)})
	post("a reason with a NUL", s.ticket.Path("close"), "reason", object{"reason": "\x00"})
	return all
}

// badParameters is queries out of shape.
func (s *shop) badParameters() []bad {
	var all []bad
	get := func(path, query, pointer string) {
		all = append(all, bad{name: path + "?" + query, who: s.Admin, method: "GET", path: path + "?" + query, status: 400, pointers: []string{pointer}})
	}
	for _, path := range []string{tickets, comments, "/api/users/"} {
		for _, size := range []string{"0", "-1", "101", "x", "1.5", "", "1e1", "99999999999999999999", "+5", "5&page_size=5"} {
			get(path, "page_size="+size, "?page_size")
		}
		get(path, "cursor=", "?cursor")
		get(path, "cursor=nonsense", "?cursor")
		get(path, "cursor=%00", "?cursor")
		get(path, "count=2", "?count")
		get(path, "colour=red", "?colour")
		get(path, "page=2", "?page")
	}
	for _, query := range []string{"status=done", "status=open,done", "status=open&status=OPEN", "status=", "priority=urgent", "priority=low,,high",
		"ordering=title", "ordering=--number", "ordering=", "assigned_to=", "assigned_to=nobody.here", "created_by=nobody.here",
		"created_after=yesterday", "created_before=2026-01-31", "updated_after=2026-13-01T00:00:00Z", "updated_before=", "created_after=2026-01-31T12:00:00",
		"title=" + strings.Repeat("x", 201), "title=%00", "title=%ff", "Status=open"} {
		name, _, _ := strings.Cut(query, "=")
		get(tickets, query, "?"+name)
	}
	for _, query := range []string{"days=0", "days=367", "days=x", "days=-7", "as_of=now", "as_of=2999-01-01T00:00:00Z", "known_at=x", "ticket=1"} {
		name, _, _ := strings.Cut(query, "=")
		get("/api/report/", query, "?"+name)
	}
	get(comments, "ticket=nonsense", "?ticket")
	get("/api/users/", "role=king", "?role")
	get("/api/users/", "is_active=yes", "?is_active")
	get(s.ticket.Path(), "colour=red", "?colour")
	all = append(all, bad{name: "a parameter of another kind of call", method: "POST", path: tickets + "?dry_run=true", body: program.Opening("x"), status: 400, pointers: []string{"?dry_run"}},
		bad{name: "a query that is not one", method: "GET", path: tickets + "?title=%zz", status: 400, code: "malformed_query"})
	return all
}

// badNames is paths and members that name nothing the caller sees.
func (s *shop) badNames() []bad {
	var all []bad
	body := map[string]any{"PATCH": object{"title": "x"}, "PUT": program.Opening("x").With(object{"priority": "low", "status": "open"})}
	unseen := func(name, id string) {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			all = append(all, bad{name: method + " of a ticket " + name, method: method, path: tickets + id + "/", body: body[method], status: 404, code: "not_found"})
		}
		all = append(all, bad{name: "closing a ticket " + name, method: "POST", path: tickets + id + "/close/", body: object{}, status: 404, code: "not_found"})
	}
	unseen("of somebody else", s.bobs.ID)
	unseen("of somebody else by number", number(s.bobs))
	unseen("that is not", nobodys)
	unseen("of no number", "999999")
	for _, id := range []string{"x", "0", "-1", "1.5", "01", "1e3", "99999999999999999999", "%00", "%ff", "me", uuid.Nil.String(),
		"{" + s.ticket.ID + "}", "urn:uuid:" + s.ticket.ID, strings.ReplaceAll(s.ticket.ID, "-", ""), s.ticket.ID + "x"} {
		all = append(all, bad{name: "a ticket id like " + id, method: "GET", path: tickets + id + "/", status: 404, code: "not_found"})
	}
	for _, id := range []string{"x", "1", "%00", nobodys, s.ticket.ID} {
		all = append(all, bad{name: "a comment id like " + id, method: "PATCH", path: comments + id + "/", body: object{"text": "x"}, status: 404, code: "not_found"})
	}
	for _, path := range []string{"/api/", "/api", "/api/nothing/", "/api/tickets/1/nothing/", "/api/tickets//", "/API/tickets/", "/api/users/%00/", "/api/../api/nothing"} {
		all = append(all, bad{name: "a path like " + path, who: s.Admin, method: "GET", path: path, status: 404, code: "not_found"})
	}
	unknown := func(name string, who *program.Person, path, member string, body object) {
		all = append(all, bad{name: name, who: who, method: "POST", path: path, body: body, status: 422, code: "unknown_reference", pointers: []string{"/" + member}})
	}
	assign := s.ticket.Path("assign")
	unknown("assigning to nobody known", s.Admin, assign, "assigned_to", object{"assigned_to": "nobody.here"})
	unknown("assigning to an id nobody has", s.Admin, assign, "assigned_to", object{"assigned_to": nobodys})
	unknown("assigning to what cannot be a name", s.Admin, assign, "assigned_to", object{"assigned_to": "; DROP TABLE accounts"})
	unknown("opening for nobody known", s.agent, tickets, "created_by", program.Opening("x").With(object{"created_by": "nobody.here"}))
	for _, id := range []any{s.bobs.ID, s.bobs.Number, nobodys, 999_999, "x", -1, "", uuid.Nil.String()} {
		if id == "" {
			continue // has no value at all: 400
		}
		unknown("commenting on ticket "+asJSON(id), s.alice, comments, "ticket", object{"ticket": id, "text": "x"})
	}
	all = append(all, bad{name: "assigning to nobody known by PATCH, among other changes", who: s.Admin, method: "PATCH", path: s.ticket.Path(),
		body: object{"title": "Not this", "assigned_to": "nobody.here"}, status: 422, code: "unknown_reference", pointers: []string{"/assigned_to"}})
	return all
}
