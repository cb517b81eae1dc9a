// Package edge is what every way into the service by HTTP shares, the API and
// the site: where a request comes from and how clients reach the service, its
// id and its line in the log, the cookie of a session, the limits, and which
// status a refusal becomes. It serves nothing itself.
//
// One [Front] is made for a process and handed to all that serves: a guess at a
// password counts, whichever way it came in.
package edge
