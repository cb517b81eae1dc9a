package httpapi

// examples are by the name of a schema in the document. A test holds them
// against it.
var examples = map[string]string{
	"Registration":     `{"username": "ada", "email": "ada@example.com", "password": "engine-no-42", "first_name": "Ada", "last_name": "Lovelace"}`,
	"Credentials":      `{"username": "ada", "password": "engine-no-42"}`,
	"Profile":          `{"first_name": "Augusta Ada"}`,
	"PasswordChange":   `{"current_password": "engine-no-42", "new_password": "engine-no-43"}`,
	"UserPatch":        `{"role": "agent"}`,
	"TicketOpening":    `{"title": "Printer smokes", "description": "Again.", "priority": "high"}`,
	"TicketPut":        `{"title": "Printer smokes", "description": "The one on the third floor.", "priority": "high", "status": "open"}`,
	"TicketPatch":      `{"priority": "medium", "assigned_to": null}`,
	"TicketAssignment": `{"assigned_to": "root"}`,
	"TicketVerb":       `{"reason": "New fuser."}`,
	"CommentAdding":    `{"ticket": 1, "text": "It is the one on the third floor."}`,
	"CommentPut":       `{"text": "It is the one on the second floor."}`,
	"CommentPatch":     `{"text": "It is the one on the second floor."}`,

	"RebuildOrder": `{"accept": false}`,

	"Receipt": `{"id": "0197c2a4-8f00-7000-8000-000000000001", "version": 3, "event_position": 17}`,
	"User": `{"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada", "first_name": "Ada", "last_name": "Lovelace",
		"email": "ada@example.com", "role": "user", "is_active": true, "created_at": "2026-01-31T12:00:00.000000Z",
		"updated_at": "2026-01-31T12:00:00.000000Z", "name_email": "Ada Lovelace - ada@example.com"}`,
	"Ticket": `{"id": "0197c2a4-8f00-7000-8000-000000000001", "number": 1, "title": "Printer smokes", "description": "Again.",
		"priority": "high", "status": "open", "created_by": {"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada"},
		"assigned_to": null, "created_at": "2026-01-31T12:00:00.000000Z", "updated_at": "2026-01-31T12:00:00.000000Z",
		"first_response_at": null, "resolved_at": null, "closed_at": null, "escalated_at": null, "comment_count": 0, "version": 1}`,
	"Comment": `{"id": "0197c2a4-8f00-7000-8000-000000000002", "ticket": "0197c2a4-8f00-7000-8000-000000000001", "ticket_number": 1,
		"author": {"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada"}, "text": "It is the one on the third floor.",
		"internal": false, "created_at": "2026-01-31T12:05:00.000000Z", "edited_at": null}`,
	"TicketDiff": `{"from": {"version": 1, "recorded_at": "2026-01-31T12:00:00.000000Z"}, "to": {"version": 2, "recorded_at": "2026-01-31T12:05:00.000000Z"},
		"changes": [{"field": "priority", "before": "high", "after": "medium"}]}`,
	"Report": `{"tickets_opened_last_7_days": 12, "tickets_resolved_last_7_days": 9, "tickets_escalated_last_7_days": 2,
		"from": "2026-01-24T12:00:00.000000Z", "to": "2026-01-31T12:00:00.000000Z", "as_of_position": 480}`,
	"InclusionProof": `{"position": 1, "leaf_index": 0, "leaf_hash": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "tree_size": 1,
		"root_hash": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "hashes": [], "checkpoint": null}`,
	"ConsistencyProof": `{"from": 1, "to": 1, "from_root": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=",
		"to_root": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "hashes": [], "checkpoint": null}`,
	"Problem": `{"type": "/problems/invalid_request", "title": "Bad Request", "status": 400, "code": "invalid_request",
		"detail": "the request is out of shape; errors says where", "instance": "/requests/checkout-42",
		"errors": [{"pointer": "/title", "code": "required", "detail": "a value is needed"}]}`,
}
