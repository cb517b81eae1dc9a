package walk

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"helpdesk/test/contract"
	"helpdesk/test/program"
)

// recipes are by operation, for its success, or by operation and status.
var recipes = map[string]recipe{
	"login": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: &program.Person{Client: d.Client(t)}, path: op.Path, body: object{"username": "root", "password": program.Secret}}
	},
	"login 401": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: &program.Person{Client: d.Client(t)}, path: op.Path, body: object{"username": "root", "password": "not-theirs-1"}}
	},
	"logout":       withoutReturn,
	"deactivateMe": withoutReturn,
	"changePassword": func(t *testing.T, d *api, op *contract.Operation) call {
		c := withoutReturn(t, d, op)
		c.body = object{"current_password": program.Secret, "new_password": "another-lamp-71"}
		return c
	},
	"changePassword 422": posting(object{"current_password": "not-theirs-1", "new_password": "another-lamp-71"}),
	"deactivateMe 422":   asTheLastAdmin,
	"patchUser 422": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: "/api/users/root/", body: object{"role": "user"}}
	},
	"patchUser 409": taken,
	"patchMe":       asSomebody(object{"first_name": "Ada"}),
	"patchMe 409":   asSomebody(object{"email": "root@example.com"}),
	"register 409":  taken,
	"register 422":  posting(object{"username": "weak", "email": "weak@example.com", "password": "password1"}),
	"listUsers 403": asUser,
	"userHistory 403": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Join(t, d.newName(), "agent"), path: d.about(op, "root")}
	},
	"makePasswordLink": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.about(op, d.Join(t, d.newName(), "user").Username)}
	},
	"makePasswordLink 422": func(t *testing.T, d *api, op *contract.Operation) call {
		gone := d.Join(t, d.newName(), "user")
		d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+gone.Username+"/", object{"is_active": false})
		return call{as: d.Admin, path: d.about(op, gone.Username)}
	},
	"receiveMessage":     handingIn("accept"),
	"receiveMessage 409": handingIn("accept"),
	"receiveMessage 422": handingIn("archived"),
	"receiveMessage 412": func(t *testing.T, d *api, op *contract.Operation) call {
		c := handingIn("accept")(t, d, op)
		c.header = append(c.header, "If-Match", `"999999"`)
		return c
	},
	"listInboundMessages 403":  asUser,
	"getInboundMessage 403":    asAUserAbout,
	"getInboundMessageRaw 403": asAUserAbout,
	"getInboundMessageRaw 206": ranging("bytes=0-1"),
	"getInboundMessageRaw 416": ranging("bytes=999999-"),
	"releaseInboundMessage 422": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.about(op, d.receives(t, "accept")), body: object{}}
	},
	"discardInboundMessage 422": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.about(op, d.receives(t, "accept")), body: object{"reason": "x"}}
	},
	"listMailboxes 403":  asUser,
	"getMailbox 403":     asAUserAbout,
	"mailboxHistory 403": asAUserAbout,
	"report 403":         asUser,

	"listEvents 403":   asUser,
	"exportEvents 403": asUser,

	"listProjections 403":   asUser,
	"getProjection 403":     auditingAsUser("/api/projections/email_ledger/"),
	"rebuildProjection 422": askedTwice,

	"exportDailyReport 403":        asUser,
	"exportStatusDistribution 403": asUser,
	"exportPriorityReport 403":     asUser,
	"exportAgentReport 403":        asUser,
	"exportResponseTimes 403":      asUser,

	"dailyReport 403":        asUser,
	"statusDistribution 403": asUser,
	"priorityReport 403":     asUser,
	"agentReport 403":        asUser,
	"responseTimes 403":      asUser,

	"ticketDiff": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.subject(t, op) + "?from=1&to=1"}
	},
	"ticketDiff 404": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.subject(t, op) + "?from=1&to=99"}
	},

	"auditInclusion":       auditing("/api/audit/inclusion/?position=1"),
	"auditInclusion 403":   auditingAsUser("/api/audit/inclusion/?position=1"),
	"auditInclusion 404":   auditing("/api/audit/inclusion/?position=999999999"),
	"auditConsistency":     auditing("/api/audit/consistency/?from=1"),
	"auditConsistency 403": auditingAsUser("/api/audit/consistency/?from=1"),
	"auditConsistency 404": auditing("/api/audit/consistency/?from=999999999"),
	"auditCheckpoint":      auditing("/audit/checkpoint/"),
	"auditCheckpoint 403":  auditingAsUser("/audit/checkpoint/"),
	"auditTile":            auditing("/audit/tile/0/000.p/1/"),
	"auditTile 403":        auditingAsUser("/audit/tile/entries/000.p/1/"),
	"auditTile 404":        auditing("/audit/tile/0/x001/000/"),

	"bulkTickets": func(t *testing.T, d *api, op *contract.Operation) call {
		operation := object{"op": "priority", "ticket": d.Admin.Opens(t, "Walked by").ID, "priority": "high"}
		return call{as: d.Admin, path: op.Path, body: object{"operations": []any{operation}}}
	},
	"openTicket 422":     posting(object{"title": "x", "description": "x", "created_by": "nobody-at-all"}),
	"assignTicket 422":   posting(object{"assigned_to": "nobody-at-all"}),
	"addComment 422":     posting(object{"ticket": 999999, "text": "x"}),
	"putTicket 422":      onceClosed(object{"title": "x", "description": "x", "priority": "low", "status": "escalated"}),
	"patchTicket 422":    onceClosed(object{"status": "escalated"}),
	"startTicket 422":    onceClosed(object{}),
	"resolveTicket 422":  onceClosed(object{}),
	"escalateTicket 422": onceClosed(object{}),
	"reopenTicket 422":   onceStarted,
	"deleteTicket 422":   onceAssigned,
	"restoreTicket": func(t *testing.T, d *api, op *contract.Operation) call {
		v := d.Admin.Opens(t, "Walked by")
		d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
		return call{as: d.Admin, path: d.about(op, v.ID)}
	},
	"restoreTicket 422": func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.subject(t, op)}
	},
	"putComment 422":   posting(object{"text": "x", "internal": true}),
	"patchComment 422": posting(object{"internal": true}),

	"uploadAttachment":           uploading("walked.txt", []byte("So it is.")),
	"uploadAttachment 413":       uploading("walked.txt", make([]byte, 26<<20)),
	"uploadAttachment 422":       uploading("walked.exe", []byte("So it is.")),
	"getAttachmentContent 206":   ranging("bytes=0-1"),
	"getAttachmentContent 416":   ranging("bytes=999999-"),
	"getAttachmentThumbnail 206": ranging("bytes=0-1"),
	"getAttachmentThumbnail 416": ranging("bytes=999999-"),

	"openapi 400": func(_ *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: op.Path, header: []string{"If-None-Match", "abc"}}
	},
	"readiness 503": asTheLastAdmin,
}

// auditing reads what is there once the log is signed.
func auditing(path string) recipe {
	return func(t *testing.T, d *api, _ *contract.Operation) call {
		d.waitSigned(t)
		return call{as: d.Admin, path: path}
	}
}

// askedTwice asks for a rebuild with the key of another one.
func askedTwice(t *testing.T, d *api, op *contract.Operation) call {
	key := []string{"Idempotency-Key", uuid.NewString()}
	first, err := d.Admin.With(t).Do(t.Context(), op.Method, d.subject(t, op), object{"accept": false}, key...)
	if err != nil || first.Status != http.StatusAccepted {
		t.Fatalf("the first with the key: %v, %d %s", err, first.Status, first.Body)
	}
	return call{as: d.Admin, path: d.subject(t, op), body: object{"accept": true}, header: key}
}

func auditingAsUser(path string) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		c := asUser(t, d, op)
		c.path = path
		return c
	}
}

// withoutReturn calls as somebody made for it, who cannot call again.
func withoutReturn(t *testing.T, d *api, op *contract.Operation) call {
	return call{as: d.Join(t, d.newName(), "user"), path: op.Path}
}

func asTheLastAdmin(_ *testing.T, d *api, op *contract.Operation) call {
	return call{as: d.Admin, path: op.Path}
}

func asUser(t *testing.T, d *api, op *contract.Operation) call {
	return call{as: d.Join(t, d.newName(), "user"), path: op.Path}
}

// handingIn brings a message to a mailbox, which is archived or does so with strangers.
func handingIn(mailbox string) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		box := program.Read[struct{ ID string }](t, d.Admin.Must(t, http.StatusCreated, "POST", "/api/mailboxes/",
			object{"name": d.newName(), "address": d.newName() + "@example.com"}))
		if mailbox == "archived" {
			d.Admin.Must(t, http.StatusOK, "PATCH", "/api/mailboxes/"+box.ID+"/", object{"is_active": false})
		}
		return call{as: d.Admin, path: d.about(op, box.ID), body: aMessage(d), header: []string{"Content-Type", "message/rfc822"}}
	}
}

// asAUserAbout is about something that exists, as a user made for it.
func asAUserAbout(t *testing.T, d *api, op *contract.Operation) call {
	c := asUser(t, d, op)
	c.path = d.subject(t, op)
	return c
}

// asSomebody sends the body as a user made for it.
func asSomebody(body object) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		c := asUser(t, d, op)
		c.body = body
		return c
	}
}

// posting sends the body as the admin, about something made for it.
func posting(body object) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.subject(t, op), body: body}
	}
}

// taken asks for the mail address, or the name, of the admin.
func taken(t *testing.T, d *api, op *contract.Operation) call {
	body := object{"email": "root@example.com"}
	if op.ID == "register" {
		body = program.Registration("root")
	}
	return call{as: d.Admin, path: d.subject(t, op), body: body}
}

// onceClosed sends the body about a ticket that is closed.
func onceClosed(body object) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		closed := d.Admin.Does(t, d.Admin.Opens(t, "Walked by"), "close")
		return call{as: d.Admin, path: d.about(op, closed.ID), body: body}
	}
}

func onceStarted(t *testing.T, d *api, op *contract.Operation) call {
	started := d.Admin.Does(t, d.Admin.Opens(t, "Walked by"), "start")
	return call{as: d.Admin, path: d.about(op, started.ID), body: object{}}
}

// onceAssigned is about a requester's ticket that somebody works on.
func onceAssigned(t *testing.T, d *api, op *contract.Operation) call {
	requester := d.Join(t, d.newName(), "user")
	assigned := d.Admin.Assigns(t, requester.Opens(t, "Walked by"), "root")
	return call{as: requester, path: d.about(op, assigned.ID)}
}

// uploading makes a call that brings a file.
func uploading(name string, content []byte) recipe {
	return func(_ *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: op.Path, body: content, header: []string{"Content-Disposition", "attachment; filename=" + name}}
	}
}

// ranging makes a call that asks for some bytes of a file.
func ranging(bytes string) recipe {
	return func(t *testing.T, d *api, op *contract.Operation) call {
		return call{as: d.Admin, path: d.subject(t, op), header: []string{"Range", bytes}}
	}
}
