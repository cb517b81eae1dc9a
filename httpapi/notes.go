package httpapi

import "net/http"

// note is what the document says of a call that does not follow from its Route.
type note struct {
	text    string   // what is worth saying beside the summary
	also    []int    // statuses of refusal beside those of problemsOf
	never   []int    // those of problemsOf that this call does not give
	headers []string // of success, beside the usual ones
}

// notes are by operation id. A call that is missing here is described by its
// Route alone.
var notes = map[string]note{
	"register": {text: "Anyone may. The password has at least 8 characters, is not a common one and not like the username or the mail address. Names and addresses are unique without regard to case."},
	"login": {
		text:    "Begins a session and ends the one the caller came with. A wrong name and a wrong password are the same 401.",
		also:    []int{http.StatusUnauthorized},
		never:   []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity},
		headers: []string{"Set-Cookie"},
	},
	"logout": {
		text:    "The session ends on the server.",
		never:   []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity},
		headers: []string{"Set-Cookie"},
	},
	"getMe":          {text: "The caller as they themselves see them."},
	"patchMe":        {text: "Names and mail address; role and activity are for admins to change."},
	"changePassword": {text: "Every other session of the caller ends."},
	"deactivateMe":   {text: "Every session of the caller ends, and nobody signs in as them until an admin reactivates them. The last active admin can't.", headers: []string{"Set-Cookie"}},
	"listUsers":      {text: "For agents, who see names alone, and for admins and auditors, who see all.", also: []int{http.StatusForbidden}},
	"getUser":        {text: "Users see themselves alone, agents the names of all, admins and auditors everything."},
	"patchUser":      {text: "For admins. Others change themselves alone, and neither role nor activity. The last active admin can be neither demoted nor deactivated."},
	"userHistory":    {text: "For admins and auditors, and for users their own: every event of the account, oldest first, with what it changed, and the records of access: sign-ins and failed ones, the use of an admin's API tokens once an hour, and every reading of an auditor.", also: []int{http.StatusForbidden}},

	"listTickets":    {text: "What the caller may see, newest first unless asked otherwise. Filters are combined. With as_of the tickets of then, as far as the caller sees them now; admins and auditors are shown those deleted since too.", headers: []string{"Memento-Datetime"}},
	"openTicket":     {text: "Auditors don't. Staff may open one for another requester."},
	"getTicket":      {text: "A ticket as the caller may see it, with the comments they may see, oldest first. Its past, by as_of or version, is as the system knew it then, by when events were recorded, for whoever sees the ticket now; admins and auditors read that of deleted ones too. Where it did not exist then it is 404, and an instant to come is 400.", headers: []string{"Memento-Datetime", "Link"}},
	"putTicket":      {text: "Title, description, priority and status are needed. One call is one append: all of it happens or nothing."},
	"patchTicket":    {text: "One call is one append: all of it happens or nothing. Where nothing changes nothing is written."},
	"ticketHistory":  {text: "Every event of the ticket and of the emails about it, oldest first, as far as the caller may know: requesters are told of no notes among staff and of no emails to others. Admins and auditors read it of deleted tickets too."},
	"ticketDiff":     {text: "What of the ticket and its comments, as far as the caller may see them, is another at to than at from: two versions, or two instants. Where the ticket did not exist at one of them it is 404, and an instant to come is 400."},
	"deleteTicket":   {text: "Gone from every read; its events stay. Requesters can while it is open, unassigned and without comments of others."},
	"assignTicket":   {text: "Agents assign themselves, admins anyone who is an active agent or admin. null: nobody."},
	"startTicket":    {text: "From open or escalated. A ticket in progress stays as it is."},
	"resolveTicket":  {text: "From open, in progress or escalated. A resolved ticket stays as it is."},
	"closeTicket":    {text: "From any other status. A closed ticket stays as it is."},
	"reopenTicket":   {text: "From resolved or closed. An open ticket stays as it is."},
	"escalateTicket": {text: "From open or in progress. An escalated ticket stays as it is."},

	"bulkTickets": {
		text:    "Up to 100 operations, one after the other, each as a call of its own would be answered; the answer is 200 whatever became of each. Versions are named by each operation, not by If-Match.",
		never:   []int{http.StatusPreconditionFailed},
		headers: []string{"Event-Position", "Preference-Applied"},
	},

	"listTokens":   {text: "The caller's, without their secrets."},
	"createToken":  {text: "The secret is in this answer and nowhere else. A token acts with its owner's role of the moment; it makes no tokens.", never: []int{http.StatusPreconditionFailed}},
	"revokeToken":  {text: "At once. A token revokes none but itself.", never: []int{http.StatusPreconditionFailed}},
	"listEvents":   {text: "For admins and auditors: every event there is, in the order of the log, nothing left out. Whoever comes again with the last position as `after` goes on where they were; without a filter every position from 1 to head is there once. As NDJSON an event is a line, and the answer goes on up to the head.", also: []int{http.StatusForbidden}},
	"streamEvents": {text: "Server-sent events of the tickets the caller sees: `id:` is the event's position, `event:` its type, `data:` a JSON object. It begins now, after `?after=`, or after `Last-Event-ID`. A comment every 15 s keeps the line open."},

	"listComments":  {text: "Oldest first; of one ticket, or of all the caller may see. Of a ticket the caller can't see there are none. With as_of those of then, in the order in which they were recorded.", headers: []string{"Memento-Datetime"}},
	"addComment":    {text: "If-Match names a version of the ticket. Notes among staff are for staff to write and read; auditors read them."},
	"getComment":    {text: "A comment, or a note if the caller may see notes."},
	"putComment":    {text: "Only the text can change, within 15 minutes for users."},
	"patchComment":  {text: "Only the text can change, within 15 minutes for users."},
	"deleteComment": {text: "One's own, within 15 minutes for users; admins any."},

	"listProjections": {text: "For admins and auditors.", also: []int{http.StatusForbidden}},
	"getProjection":   {text: "For admins and auditors.", also: []int{http.StatusForbidden}},
	"rebuildProjection": {
		text:    "For admins. New tables are filled from the log beside those that are read and take their place; reads are answered throughout. It begins within seconds, survives the process that does it, and is followed at Location. One that failed goes on where it was.",
		never:   []int{http.StatusPreconditionFailed},
		headers: []string{"Location"},
	},
	"pauseProjection":  {text: "For admins. It answers with what it has, in all processes, until it is resumed; writes do not wait for it.", never: []int{http.StatusPreconditionFailed}},
	"resumeProjection": {text: "For admins. It goes on within a second.", never: []int{http.StatusPreconditionFailed}},

	"auditInclusion":   {text: "For admins and auditors. Proofs are for whoever does not take the service's word: docs/audit-log.md says how to verify them.", also: []int{http.StatusForbidden, http.StatusNotFound}},
	"auditConsistency": {text: "For admins and auditors.", also: []int{http.StatusForbidden, http.StatusNotFound}},
	"auditCheckpoint":  {text: "For admins and auditors. A signed note (C2SP tlog-checkpoint): name of the log, size and root of the tree, signature.", also: []int{http.StatusForbidden, http.StatusNotFound}, never: []int{http.StatusTooManyRequests}},
	"auditTile":        {text: "For admins and auditors. As C2SP tlog-tiles has it, with /audit as prefix: 256 hashes of 32 bytes, or 256 entries each after its length in two bytes; fewer for a partial one.", also: []int{http.StatusForbidden}, never: []int{http.StatusTooManyRequests}},

	"report": {text: "For admins and auditors. A ticket counts once in each column if it happened inside the window, whatever became of it since.", also: []int{http.StatusForbidden}, headers: []string{"Memento-Datetime", "Link"}},

	"dailyReport":        {text: "For admins and auditors. A row for each day and priority; days have the hours that the time zone gives them, and begin with their first instant. docs/reports.md defines every number.", also: []int{http.StatusForbidden}},
	"statusDistribution": {text: "For admins and auditors. A row for each status and priority, at an instant.", also: []int{http.StatusForbidden}},
	"priorityReport":     {text: "For admins and auditors. A row for each priority: that of the ticket when it happened, in the span (from, to].", also: []int{http.StatusForbidden}},
	"agentReport":        {text: "For admins and auditors. A row for each agent who had a ticket when something happened to it, or gave a first response, in the span (from, to].", also: []int{http.StatusForbidden}},
	"responseTimes":      {text: "For admins and auditors. How long tickets had waited that got their first response, or were resolved, in the span (from, to]: average, median and ninth decile.", also: []int{http.StatusForbidden}},
}
