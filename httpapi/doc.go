// Package httpapi is the kernel of the REST API under /api/, as API.md promises it,
// and of what operators ask: /healthz, /readyz and /metrics. It knows no resource:
// each is a folder below it that hands in its routes. Beside them are the kernel's
// own folders: bind takes requests apart, problem is what is refused, wire the JSON
// that resources share, and spec makes the OpenAPI document.
//
// Every call stands in one table, [API.Routes]: method, path, who may call it, the
// status of success, a typed handler, and what the document says of it. The structs
// a handler takes and returns are the contract: their tags are where each member
// comes from and what it may hold, and the same tags give the JSON Schema that
// requests are checked against before a handler sees them.
//
// The order of work, and so of refusals, is the same for every call:
//
//	request id → limit (429) → cross-origin (403) → route (404, 405)
//	→ session (401), token (403) → headers (400) → Min-Event-Position (503) → parameters (400)
//	→ body (413, 415, 400) → handler (403, 404, 409, 412, 422, 503)
//
// A handler reads through the projections, changes through the commands and
// decides nothing itself: what the rules refuse is a [*domain.Error], and one
// table turns its kind into a status (package problem). Any other error is a bare
// 500 whose text goes to the log alone.
//
// # Writes
//
// A write answers the resource as the command left it, made from the events that
// were decided: no projection is read for it, and none waited for. What is read after
// it waits instead, [projections.Fresh]: no read is older than the log was when it came.
//
// If-Match names versions of the stream written to: for a comment that is the
// version of its ticket.
//
// # The past
//
// What is asked for with as_of or version is answered with Memento-Datetime and a
// link to the present (RFC 7089), and without an ETag: an erasure changes it, and
// so does a person's new name. A version is a ticket right after its event, also
// where others of the same append followed at once; a version that there never
// was, or with which the ticket was deleted, is 404. The ends of a diff are
// answered as versions, whatever they were asked for as.
//
// # Other media types
//
// A [Route] lists in Handler.Media the media types of its answer. Where there are several, the
// header Accept chooses, and one that fits none gets the first: no answer is
// 406. What is no JSON is a [Stream]: it is refused before its first byte or
// broken off after it, and it may take longer than the server's write timeout as
// long as the client takes in each piece within 30 s.
//
// Tiles and checkpoints of the audit log ([BytesOf]) are under /audit/, where
// public tools look for them, with the same sessions, tokens and problems as the
// rest. They do not count against the limit of calls: a tool reads thousands.
//
// # Idempotency
//
// An Idempotency-Key is claimed once the body is found in order and before the
// handler runs (idempotency.go). What is compared is the body as it was
// understood: the order of members and white space make no difference. A repeat
// after a crash between the append and the storing of the answer finds its
// command in the log, writes nothing and is answered from the state of now with
// the position of then. A key that is two days old may be forgotten as a key and
// still known to the log: it is 409 idempotency_key_repeated.
//
// Cookies are no part of a stored answer. An answer with a secret is stored
// encrypted for the credential it was given to (seal.go); to another session of
// the same caller its repeat is 409 idempotency_key_sealed. Signing in takes no
// key, having no credential yet. Callers who are not signed in share one scope:
// their keys have to be random.
//
// # Limits
//
// A caller is a person where the request proves one, else an address. Each has
// a bucket of HELPDESK_RATE_LIMIT calls that fills up evenly within a minute;
// RateLimit-Reset is the seconds until it is full. Calls under /api/ are
// counted, and pages of the site with them. Buckets are in the memory of each process
// (edge). A sign-in counts against its name, its network and its address until the
// password is found right, so that guesses made at once are counted too; beyond the
// limit the right password is refused as well. Changing a password guesses at the
// present one likewise. Limits, and rules that go by the body alone, are looked at
// before an idempotency key and before a password is hashed ([HandleChecked]).
//
// How much a body holds is bounded while it is read (package bind), and how long a call
// takes by [edge.Front.Within]: then it is 503. For a stream that is the time until it
// begins.
//
// # Access on record
//
// Sign-ins and failed ones, the use of admins' API tokens (once an hour each) and
// the readings of auditors (once an hour for the same path, filters and address)
// whose parameters are in order are in the log before the call is answered
// (access.go); where that cannot be the call is 503.
//
// # The log
//
// GET /api/events/ as JSON is a part of the log, at most 1,000 events; as NDJSON
// it goes on up to the head of the moment it began, unless limit says otherwise,
// and holds 200 events in memory. An event that cannot be read, for it was altered
// or a newer program wrote it, is there as it is stored, with "unreadable": true.
//
// # Problems
//
// Problem documents have type "/problems/<code>" and instance
// "/requests/<request id>": identifiers, not addresses. The code of a request
// that is not valid is "invalid_request" with one entry in errors for each
// fault; a header is named there like a parameter ("?If-Match").
package httpapi
