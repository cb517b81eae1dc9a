package httpapi

import (
	"net/http"

	"helpdesk/domain/ticket"
)

// routes is the table of every call, in the order of API.md.
func (a *API) routes() []Route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	const ok, created, empty = http.StatusOK, http.StatusCreated, http.StatusNoContent
	verb := func(to ticket.Status) Handler { return Handle(a.changeStatus(to)) }
	return []Route{
		{Method: post, Path: "/api/register/", ID: "register", Summary: "Become a user", Who: Anyone, Status: created, Handler: Handle(a.registerUser)},
		{Method: post, Path: "/api/login/", ID: "login", Summary: "Sign in", Who: Anyone, Status: ok, Handler: Handle(a.signIn), Secret: true},
		{Method: post, Path: "/api/logout/", ID: "logout", Summary: "Sign out", Who: InPerson, Status: empty, Handler: Handle(a.signOut)},
		{Method: get, Path: "/api/me/", ID: "getMe", Summary: "Read one's own profile", Who: SignedIn, Status: ok, Handler: Handle(a.getMe)},
		{Method: patch, Path: "/api/me/", ID: "patchMe", Summary: "Change one's own profile", Who: SignedIn, Status: ok, Handler: Handle(a.patchMe)},
		{Method: post, Path: "/api/me/password/", ID: "changePassword", Summary: "Change one's own password and end the other sessions", Who: InPerson, Status: empty, Handler: Handle(a.changePassword)},
		{Method: post, Path: "/api/me/deactivate/", ID: "deactivateMe", Summary: "Deactivate one's own account", Who: InPerson, Status: empty, Handler: Handle(a.deactivateMe)},
		{Method: get, Path: "/api/users/", ID: "listUsers", Summary: "List users", Who: SignedIn, Status: ok, Handler: Handle(a.listUsers)},
		{Method: get, Path: "/api/users/{id}/", ID: "getUser", Summary: "Read a user", Who: SignedIn, Status: ok, Handler: Handle(a.getUser)},
		{Method: patch, Path: "/api/users/{id}/", ID: "patchUser", Summary: "Change a user", Who: SignedIn, Status: ok, Handler: Handle(a.patchUser)},
		{Method: get, Path: "/api/users/{id}/history/", ID: "userHistory", Summary: "Read what happened to a user", Who: SignedIn, Status: ok, Handler: Handle(a.userHistory)},
		{Method: get, Path: "/api/tokens/", ID: "listTokens", Summary: "List one's own API tokens", Who: SignedIn, Status: ok, Handler: Handle(a.listTokens)},
		{Method: post, Path: "/api/tokens/", ID: "createToken", Summary: "Make an API token", Who: InPerson, Status: created, Handler: Handle(a.createToken), Secret: true},
		{Method: get, Path: "/api/tokens/{id}/", ID: "getToken", Summary: "Read one of one's own API tokens", Who: SignedIn, Status: ok, Handler: Handle(a.getToken)},
		{Method: del, Path: "/api/tokens/{id}/", ID: "revokeToken", Summary: "Revoke an API token", Who: SignedIn, Status: empty, Handler: Handle(a.revokeToken)},

		{Method: get, Path: "/api/tickets/", ID: "listTickets", Summary: "List tickets", Who: SignedIn, Status: ok, Handler: Handle(a.listTickets).Or(StreamOf(csvType, a.exportTickets))},
		{Method: post, Path: "/api/tickets/", ID: "openTicket", Summary: "Open a ticket", Who: SignedIn, Status: created, Handler: Handle(a.openTicket)},
		{Method: post, Path: "/api/tickets/bulk/", ID: "bulkTickets", Summary: "Do many things to tickets at once", Who: SignedIn, Status: ok, Handler: Handle(a.bulkTickets)},
		{Method: get, Path: "/api/tickets/{id}/", ID: "getTicket", Summary: "Read a ticket with its comments", Who: SignedIn, Status: ok, Handler: Handle(a.getTicket)},
		{Method: put, Path: "/api/tickets/{id}/", ID: "putTicket", Summary: "Give a ticket all its members anew", Who: SignedIn, Status: ok, Handler: Handle(a.putTicket)},
		{Method: patch, Path: "/api/tickets/{id}/", ID: "patchTicket", Summary: "Change some members of a ticket", Who: SignedIn, Status: ok, Handler: Handle(a.patchTicket)},
		{Method: del, Path: "/api/tickets/{id}/", ID: "deleteTicket", Summary: "Delete a ticket", Who: SignedIn, Status: empty, Handler: Handle(a.deleteTicket)},
		{Method: post, Path: "/api/tickets/{id}/assign/", ID: "assignTicket", Summary: "Assign a ticket, or unassign it", Who: SignedIn, Status: ok, Handler: Handle(a.assignTicket)},
		{Method: post, Path: "/api/tickets/{id}/start/", ID: "startTicket", Summary: "Begin work on a ticket", Who: SignedIn, Status: ok, Handler: verb(ticket.StatusInProgress)},
		{Method: post, Path: "/api/tickets/{id}/resolve/", ID: "resolveTicket", Summary: "Resolve a ticket", Who: SignedIn, Status: ok, Handler: verb(ticket.StatusResolved)},
		{Method: post, Path: "/api/tickets/{id}/close/", ID: "closeTicket", Summary: "Close a ticket", Who: SignedIn, Status: ok, Handler: verb(ticket.StatusClosed)},
		{Method: post, Path: "/api/tickets/{id}/reopen/", ID: "reopenTicket", Summary: "Reopen a ticket", Who: SignedIn, Status: ok, Handler: verb(ticket.StatusOpen)},
		{Method: post, Path: "/api/tickets/{id}/escalate/", ID: "escalateTicket", Summary: "Escalate a ticket", Who: SignedIn, Status: ok, Handler: verb(ticket.StatusEscalated)},
		{Method: get, Path: "/api/tickets/{id}/history/", ID: "ticketHistory", Summary: "Read what happened to a ticket and its emails", Who: SignedIn, Status: ok, Handler: Handle(a.ticketHistory)},
		{Method: get, Path: "/api/tickets/{id}/diff/", ID: "ticketDiff", Summary: "Compare a ticket with itself at two moments", Who: SignedIn, Status: ok, Handler: Handle(a.diffTicket)},

		{Method: get, Path: "/api/comments/", ID: "listComments", Summary: "List comments", Who: SignedIn, Status: ok, Handler: Handle(a.listComments)},
		{Method: post, Path: "/api/comments/", ID: "addComment", Summary: "Comment on a ticket", Who: SignedIn, Status: created, Handler: Handle(a.addComment)},
		{Method: get, Path: "/api/comments/{id}/", ID: "getComment", Summary: "Read a comment", Who: SignedIn, Status: ok, Handler: Handle(a.getComment)},
		{Method: put, Path: "/api/comments/{id}/", ID: "putComment", Summary: "Give a comment a new text", Who: SignedIn, Status: ok, Handler: Handle(a.putComment)},
		{Method: patch, Path: "/api/comments/{id}/", ID: "patchComment", Summary: "Change a comment", Who: SignedIn, Status: ok, Handler: Handle(a.patchComment)},
		{Method: del, Path: "/api/comments/{id}/", ID: "deleteComment", Summary: "Remove a comment", Who: SignedIn, Status: empty, Handler: Handle(a.deleteComment)},

		{Method: get, Path: "/api/events/", ID: "listEvents", Summary: "Read the log", Who: SignedIn, Status: ok, Handler: Handle(a.listEvents).Or(StreamOf(ndjsonType, a.writeEvents))},
		{Method: get, Path: "/api/events/stream/", ID: "streamEvents", Summary: "Follow what happens to tickets", Who: SignedIn, Status: ok, Handler: StreamOf("text/event-stream", a.streamEvents)},
		{Method: get, Path: "/api/report/", ID: "report", Summary: "Count what happened lately", Who: SignedIn, Status: ok, Handler: Handle(a.report)},
		{Method: get, Path: "/api/reports/daily/", ID: "dailyReport", Summary: "Count what happened day by day", Who: SignedIn, Status: ok, Handler: tableAs("daily", a.dailyReport)},
		{Method: get, Path: "/api/reports/status-distribution/", ID: "statusDistribution", Summary: "Count the tickets in each status", Who: SignedIn, Status: ok, Handler: tableAs("status-distribution", a.statusDistribution)},
		{Method: get, Path: "/api/reports/priorities/", ID: "priorityReport", Summary: "Count what happened by priority", Who: SignedIn, Status: ok, Handler: tableAs("priorities", a.priorityReport)},
		{Method: get, Path: "/api/reports/agents/", ID: "agentReport", Summary: "Count what happened by agent", Who: SignedIn, Status: ok, Handler: tableAs("agents", a.agentReport)},
		{Method: get, Path: "/api/reports/response-times/", ID: "responseTimes", Summary: "Say how long tickets waited", Who: SignedIn, Status: ok, Handler: tableAs("response-times", a.responseTimes)},

		{Method: get, Path: "/api/projections/", ID: "listProjections", Summary: "See where the read models stand", Who: SignedIn, Status: ok, Handler: Handle(a.listProjections)},
		{Method: get, Path: "/api/projections/{name}/", ID: "getProjection", Summary: "See where a read model and its rebuild stand", Who: SignedIn, Status: ok, Handler: Handle(a.getProjection)},
		{Method: post, Path: "/api/projections/{name}/rebuild/", ID: "rebuildProjection", Summary: "Have a read model built anew", Who: SignedIn, Status: http.StatusAccepted, Handler: Handle(a.rebuildProjection)},
		{Method: post, Path: "/api/projections/{name}/pause/", ID: "pauseProjection", Summary: "Hold a read model", Who: SignedIn, Status: ok, Handler: Handle(a.pauseProjection)},
		{Method: post, Path: "/api/projections/{name}/resume/", ID: "resumeProjection", Summary: "Let a read model go on", Who: SignedIn, Status: ok, Handler: Handle(a.resumeProjection)},

		{Method: get, Path: "/api/audit/inclusion/", ID: "auditInclusion", Summary: "Prove that an event is in the log", Who: SignedIn, Status: ok, Handler: Handle(a.auditInclusion)},
		{Method: get, Path: "/api/audit/consistency/", ID: "auditConsistency", Summary: "Prove that the log has only grown", Who: SignedIn, Status: ok, Handler: Handle(a.auditConsistency)},
		{Method: get, Path: "/audit/checkpoint/", ID: "auditCheckpoint", Summary: "Read the newest signed checkpoint", Who: SignedIn, Status: ok, Handler: BytesOf("text/plain; charset=utf-8", a.auditCheckpoint)},
		{Method: get, Path: "/audit/tile/{level}/{rest}/", ID: "auditTile", Summary: "Read a tile of the tree, or a bundle of entries", Who: SignedIn, Status: ok, Handler: BytesOf("application/octet-stream", a.auditTile)},
	}
}
