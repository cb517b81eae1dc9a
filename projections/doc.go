// Package projections builds the read models from the log and answers the
// queries on them.
//
// # Projectors
//
// A projector is an [follow.Follower]: a name, the events it wants and a
// function that brings its tables up to date with a page of them. It folds the
// page in Go, one row per thing that changed, and writes the rows in one
// statement. The follower machinery of eventstore commits tables and checkpoint
// together, so each event changes each table exactly once, in log order.
//
//	projector        tables                  shows
//	ticket_list      read.tickets            every ticket as it is now
//	comment_list     read.comments           every comment as it is now
//	user_list        read.users              everybody as they are now
//	ticket_history   read.ticket_history     every ticket as it was, a row an interval
//	ticket_facts     read.ticket_facts,      what reports count, one by one,
//	                 read.ticket_measures,   by ticket,
//	                 read.ticket_counts,     in sums by the hour, the day and
//	                 read.agent_counts,      the month,
//	                 read.wait_counts        and how long tickets waited
//	email_ledger     read.emails             every email and what became of it
//	text_search      read.ticket_search,     the words of every ticket, with and
//	                 read.search_texts,      without those of notes among staff,
//	                 read.active_search      and of those that want work besides
//
// A projector owns its tables: nobody else writes them, and everything in them
// can be dropped and built again from the log. It has no effect besides. Its SQL
// names these tables without a schema, so that package rebuild can have it fill
// others beside them ([follow.Follower].Tables); queries name schema read.
// Whoever changes what a projector makes of events raises its Version: the
// tables there are then ask for a rebuild. Pages may be of any size, and the
// tables MUST NOT depend on where one ends.
//
// # Queries
//
// [Reader] returns queries for a viewer and shows only what they may see.
// Lists are paged by key: a [Cursor] is a place between two rows, so that rows
// that come and go neither repeat nor hide others. [Past] answers what the system
// knew at an instant: single tickets by folding their events, lists by the
// intervals of read.ticket_history, with the tickets of a page completed from
// their events. [Feed] reads the log instead and tells a viewer of the events of
// tickets they see; [Events] reads all of it for those who audit. [Histories]
// tells, from the log too, what happened to a ticket or to a user, and replays
// tickets; the timers behind escalations it finds where the escalation keeps
// them, in saga.timers.
package projections
