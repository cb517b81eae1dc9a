// Package web is the site under /admin/: where requesters follow their tickets,
// agents work, admins rule and auditors look back. Pages are made on the server
// and work without a script; one small module (static/app.js) makes them
// quicker to use and keeps them current.
//
// # What it may do
//
// Nothing is decided here. A page shows what [projections.Reader] answers to the
// one who looks, offers what [ticket.State.Options] says they may do, and changes
// things by the same commands as the API, whose refusals it shows beside the
// form. Sessions, their cookie, the limits of sign-ins and the check for
// cross-origin requests are the API's own (package edge).
//
// # A request's way
//
//	request id → cross-origin (403) → route (404, 405) → session (to the sign-in)
//	→ form (413, 400) → handler → page, or redirect after a write
//
// Every page is a GET. Every form is a POST that answers with a redirect (303),
// or with the page of the form, its values and what is wrong with them. A form
// carries a command id, so that sent twice it acts once, and where it changes a
// ticket the version it was made from, so that nobody answers over news they have
// not seen. A write waits like the API's until the read side has reached it.
//
// # For those who oversee the service
//
// Reports, people, operation and audit are for admins, who also act there, and
// for auditors, who only look ([domain.Actor.Oversees]). What they are made of is
// [Oversight]: small interfaces, because the escalation, the audit and the
// followers are none of the packages that this one may import. A verification of
// the log is answered while it goes on, as a page that grows and of whose lines of
// progress the last alone is to be seen; it is kept nowhere, ends when its reader
// goes away, and there is one at a time in a process.
//
// # Parts that come later
//
// What takes longer the more tickets a period has is a page of its own. The page it
// belongs to has a section of the same id with a link to it, and the script puts
// the one in the place of the other as it comes.
//
// # What a browser is told
//
// The Content-Security-Policy forbids all that is not of this origin, and all
// that is inline: there is no style attribute, no script element with content
// and no handler in markup. Static files have the hash of their content in their
// path and may be kept for ever; pages are private and asked for anew.
//
// # Templates
//
// *.templ are the templates and *_templ.go what the tool templ makes of them:
// run "make generate" after a change; "make check" fails when that was
// forgotten.
package web
