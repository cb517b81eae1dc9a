// Package web is the kernel of the site under /admin/, where requesters follow their
// tickets, agents work, admins manage and auditors review. Pages are made on the
// server and work without a script; one small module (static/app.js) makes them
// quicker to use and keeps them current.
//
// # Sections
//
// The site is made of sections, a folder each, with the templates beside the
// handlers. A section is a struct of what it needs whose Pages method returns its
// pages and forms. Sections use this package and never one another; what two of
// them share is here, and so are the addresses that they link to. The kernel knows
// no section: [New] takes their pages, in the order of the navigation.
//
// # What it may do
//
// Nothing is decided here. A page shows what the read side returns for its viewer,
// offers what [ticket.State.Options] allows them, and changes things by the commands
// that the API has, too ([commands.App]), whose refusals it shows beside the form.
// Sessions, their cookie, the limits of sign-ins and the check for cross-origin
// requests are the API's own (package edge).
//
// # A request's way
//
//	request id → limit (429) → cross-origin (403) → route (404, 405) → session (to the sign-in)
//	→ form (413, 400) → audience (403) → handler → page, or redirect after a write
//
// Every page is a GET. Every form is a POST that leads to a redirect (303), or to the
// page of the form with its values and what is wrong with them; where that page is
// gone, what was entered is shown with the refusal. A GET of a form's address leads to
// its page. A form carries a command id, so that submitting it twice acts once and
// submitting it with other content is refused, and where it changes a ticket the
// version it was made from, so that nobody replies over news they have not seen. A
// form with a field of one line has one button: Enter presses the first there is. The
// page after a write has what was written.
//
// # Audiences
//
// A page is for anyone, for whoever is signed in, for those who oversee the service
// (admins, who also act there, and auditors, who only look:
// [domain.Actor.Oversees]), or for admins ([Audience]). A verification of the log
// streams its page while it runs: of the lines of progress only the last is visible,
// it is stored nowhere, and it ends when its reader leaves.
//
// # Parts that load later
//
// What takes longer the more tickets a period has is a page of its own. The page it
// belongs to has a section of the same id with a link to it, and the script puts the
// one in the place of the other once it is loaded.
//
// # What a browser is told
//
// The Content-Security-Policy forbids whatever is not of this origin, and whatever is
// inline: there is no style attribute, no script element with content and no handler
// in markup. Static files have the hash of their content in their path and may be
// cached forever; pages are private and not cached.
//
// # Templates
//
// *.templ are the templates and *_templ.go what the tool templ makes of them: run
// "make generate" after a change; "make check" fails when that was forgotten.
package web
