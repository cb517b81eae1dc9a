// Package localpg runs the Postgres server the helpdesk brings along for those
// who do not give it one of their own.
//
// # What is on disk
//
// Everything lives in the folder pg of the data folder:
//
//	lock          flock(2) on it is the ownership of everything below
//	owner.json    who owns it now: process, HTTP address, socket folder
//	data          the data folder of Postgres; never deleted, never overwritten
//	data.new      an initdb under way; renamed to data once complete
//	sock          the socket, readable by the server's user alone
//	postgres.log  the server's log; the one before is postgres.log.1
//
// # What is guaranteed
//
//   - One process owns a data folder. A second one is refused with ErrInUse.
//   - The server is reachable through a Unix socket in a folder of mode 0700 and
//     in no other way, so it asks for no passwords.
//   - Data is as durable as Postgres makes it: fsync, full_page_writes and
//     synchronous_commit stay on, checksums are on (Config.Throwaway apart).
//   - After kill -9 of the postmaster the server is started again; after kill -9
//     of this process the kernel ends the server (on Linux) and the next Start
//     recovers; on other systems the next Start stops the one left behind.
//   - A data folder of another major version is refused with ErrMajor.
//
// # States of the server
//
//	          Start                    Stop
//	(none) ───────────▶ running ─────────────────▶ stopped
//	                    │     ▲                      ▲
//	    postmaster died │     │ ready again          │ Stop
//	                    ▼     │                      │
//	                   restarting ────────────▶ given up (Done is closed)
//	                            5 starts failed
//
// # Roles
//
// SuperRole administers, OwnerRole owns the database and its tables, ServiceRole
// may connect and owns nothing: what it may do is for the owner to grant.
package localpg
