// Package projections is the kernel of the projections: pages and cursors, list
// queries, the rows of tables from one declaration, and how tables are written. A
// folder each has a projection with its queries.
//
// # Projections
//
// A projection is a [follow.Follower]: a name, the events it wants and a function
// that brings its tables up to date with a page of them. It folds the page in Go,
// one row per thing that changed, and writes the rows in one statement; see [Table]
// and [WriteAll]. The runner in eventstore commits tables and checkpoint together,
// so each event changes each table exactly once, in log order.
//
//	folder    projection       tables                  shows
//	tickets   ticket_list      read.tickets            every ticket as it is now
//	comments  comment_list     read.comments           every comment as it is now
//	people    user_list        read.users              everybody as they are now
//	history   ticket_history   read.ticket_history     every ticket as it was, a row an interval
//	reports   ticket_facts     read.ticket_facts,      what reports count, one by one,
//	                           read.ticket_measures,   by ticket,
//	                           read.ticket_counts,     in sums by the hour, the day and
//	                           read.agent_counts,      the month,
//	                           read.wait_counts        and how long tickets waited
//	emails    email_ledger     read.emails             every email and what became of it
//	mailboxes mailbox_list     read.mailboxes          every mailbox as it is now
//	messages  inbound_ledger   read.inbound_messages   every email that came in
//	search    ticket_words     read.ticket_search,     the words of every ticket, with and
//	                           read.active_search      without those of internal notes, and
//	                                                   of active tickets besides; package
//	                                                   terms says what words are
//
// A projection owns its tables: nobody else writes them, and everything in them
// can be dropped and built again from the log. It has no effect besides. Its SQL
// names these tables without a schema, so that package rebuild can have it fill
// staging tables ([follow.Follower].Tables); queries name schema read. Whoever
// changes what a projection makes of events raises its Version: the tables there
// are then ask for a rebuild. Pages may be of any size, and the tables MUST NOT
// depend on where one ends.
//
// A column is a field: what a row of a table is stands once, in the tags of a
// struct. What people see of a row is in package view, which needs no SQL.
//
// # Queries
//
// The Reader of a folder returns what a viewer may see and nothing else. Lists are
// paged by key: a [Cursor] is a place between two rows, so that rows that come and
// go neither repeat nor hide others. Package history also has the past, as the
// system knew it at an instant: single tickets by folding their events, lists by
// the intervals of read.ticket_history, with the tickets of a page completed from
// their events. Its timers it finds where the escalation keeps them, in saga.timers.
// Package feed reads the log alone: the events of tickets that a viewer sees, and
// all of it for those who audit.
//
// A folder imports this package and view, never another folder.
package projections
