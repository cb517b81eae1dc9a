// Package eventstore is the log: every change of the desk as an event in
// Postgres, appended in commit order, read by stream or by position, and
// followed by whatever is built from it.
//
// # What is guaranteed
//
// To who appends ([Store.Append]):
//   - The events of one append are written all or none. An append that was
//     acknowledged is on disk. One that was refused left nothing.
//   - Of any number of appends that expect one version of a stream, one wins.
//     The versions of a stream are 1, 2, 3 … without a hole.
//   - A command id is carried out once.
//
// To who reads:
//   - Positions are 1, 2, 3 … without a hole, in the order of commits: who has
//     seen position n has seen all before it, and "position > n" misses nothing.
//   - What was written is never changed, and every event ever written decodes.
//     Texts of people are stored sealed under their own keys ([Keys]), and read as
//     [domain.Erased] once a key is destroyed.
//
// Whoever follows the log is in package eventstore/follow.
//
// # Tables
//
// log_head, one row, the position of the newest event; streams, the version of
// each stream; events; commands, the ids of those carried out; checkpoints and
// failed_events, one set for each follower (package rebuild writes to both where it
// swaps tables); the sequence ticket_numbers. Nobody
// else writes to them. A follower's own tables are the follower's.
//
// # An append
//
//	Append → queue → batch → statement → answer
//	           │       ▲         │
//	  ctx ends │       │  trouble│with the database: again, for 15 s
//	           ▼       └─────────┘
//	       taken back
//
// Every append locks the row of log_head first and holds it until its commit;
// that is what makes positions follow commits. Taken one by one, commits would
// then come one after the other, each with its own flush to disk. So the appends
// that wait are written together by one committer, in one statement. In it each
// wins or loses by itself; what the database refuses as a whole is written
// again one by one. Two to one stream are never in one batch.
//
// When the connection is lost in an append, nobody knows whether it was
// written. The batch is written again, and an append that now loses is looked
// for by its event id: found, it had won. An append with work beside it
// ([Append.Also]) is not tried twice; its error is [ErrUnavailable].
//
// # Inline
//
// What a write must show is brought up to date in the append's transaction
// ([Inline]):
//
//	begin
//	append      and, in the same round trip,
//	claim       the checkpoints that stand exactly before the batch: move them over it
//	apply       the batch to their followers
//	commit      events, tables and checkpoints, or none of them
//
// A follower that is behind, paused, or in somebody's hands is not claimed, and one
// that fails has the batch written again without any: nothing that is the matter with
// a follower keeps an append. It catches up by itself (package follow).
//
// # Names
//
// An event is stored under the name and in the schema version of its time, and
// read in those of today ([Codec]): aggregates list their events, with the names
// from before ([domain.EventType]). Bytes and names that are stored never change,
// for the entries of the audit log are made of them.
//
// # Waking
//
// An append wakes the followers of its process by the [Notifier], and [Signals] tells
// the other processes by NOTIFY, at most every 10 ms and never within an append,
// where it would take a lock of the whole server. It is a hint without data.
//
// # Failures
//
//	database away             appends wait up to 15 s, then ErrUnavailable
//	database killed           appends acknowledged are kept
//	NOTIFY lost               found by the next poll
package eventstore
