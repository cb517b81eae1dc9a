// Package workspace keeps what belongs to how people work and is no part of any
// history: the views of the queue they saved, in the table saved_views, and who
// has which ticket open, in the table ticket_viewers.
//
// Nothing here is an event, and nothing is derived from one: rows are written
// and removed as people go. What is personal in them goes with its owner; see
// [Forget].
package workspace
