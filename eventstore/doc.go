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
// To a follower ([Follower]):
//   - It is given every event of its types, in order, and what it writes for an
//     event is committed once, together with its checkpoint.
//   - No transaction of anybody else holds it up, unless over the same rows.
//   - An event it cannot apply stops its stream and nothing else. One that may
//     miss nothing ([Follower].Whole) is stopped altogether instead, by a position
//     that is missing too.
//
// # What is not
//
// Apply may be called more than once for an event: only what it writes through
// its transaction is undone in between. Effects elsewhere, a mail or another
// append, are not for it. It MUST NOT rely on deferred constraints, for a
// failed commit is only seen to by trying again, and MUST close the rows it
// queries. Followers are not in step with each other. A wake-up may come late
// or not at all; then the next poll, within half a second, does its work.
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
// ([Append.Also]) is not tried twice; it answers [ErrUnavailable].
//
// # A page
//
// Followers are subscribers of watermill-sql, with the log itself as the topic.
// A message is not an event but a page, the range (after, upto] of positions:
// a transaction for each event would be ten times as slow. The message names
// the range and the handler reads it, for the subscriber would take a query
// that fails for an empty one.
//
//	look ──────▶ nothing before it, or another process is at it: wait
//	  │
//	lock         the checkpoint, FOR UPDATE SKIP LOCKED
//	  │
//	savepoint ◀─ all that follows is undone to here when it fails; it is set,
//	  │          and released by the ack, without a round trip of its own
//	  │
//	move         the checkpoint, if it is still at after
//	  │
//	apply ─────▶ fails: undo, ack with nothing written, wait, look again
//	  │          refused three times: apply by halves, set aside what stands alone
//	ack          always: a nack sends again within the same transaction
//	  │
//	commit       effects, checkpoint and failed events, or none of them
//
// Looking writes nothing, so that an idle follower costs next to nothing:
// FOR UPDATE alone would write. The lock is what makes several processes take
// turns; the next one has it as soon as the transaction of the last has ended,
// however it ended. Moving the checkpoint by compare-and-set makes a message
// that comes a second time harmless.
//
// There is no ack deadline: when it passes, the subscriber commits what the
// handler has written so far. A page has a time limit of its own instead
// ([FollowConfig]), at whose end it is undone. What hangs in spite of that is
// seen by the [Watchdog], which looks at the tables alone.
//
// Pages wait for the disk like appends. Without that a crash of the server would
// take back the last of them: they would be applied again, but until then a
// reader would miss what a write's answer had already promised.
//
// # Waking and waiting
//
// An append rings the [Notifier] of its process, and [Signals] tells the other
// processes by NOTIFY, at most every 10 ms and never within an append, where it
// would take a lock of the whole server. It is a hint without data. A follower
// to which the types of the new events mean nothing is in no hurry: it moves its
// checkpoint within 50 ms, over many appends at once.
//
// Who must read what was just written waits for its position ([Freshness]): the
// checkpoints of the followers that serve the read are asked until all have
// reached it, or are a little behind with nothing of their types in between.
// They are asked each time: a restored backup, or a standby that was behind when
// it took over, has moved them back.
//
// # Holding
//
// A paused follower ([Pause]) is looked past by the look of every process, and
// waited for by nobody: its tables are old until it is resumed.
//
// # Tables beside
//
// A follower that states its Tables is told by search_path which ones are meant:
// those that are served, those that are built anew ([Next]), or those from
// before ([Kept]). An erasure is carried out in all three by whoever follows the
// log, the row of the rebuild locked, so that texts of an erased person do not wait
// in tables that nobody looks at.
//
// # Failures
//
//	an event is refused       tried three times with its page, then failed with
//	or cannot be decoded      those behind it in its stream, until Followers.Replay
//	Apply panics              as an error; what it wrote is undone
//	Apply takes too long      undone, tried again in pages of half the size; never
//	                          failed, for it may be the database that is slow
//	Apply outlasts its end    its connection is closed, so that nothing is committed
//	connection lost           page undone by the server, tried again, nothing failed
//	process killed            the same, and another process takes over
//	database away             appends wait up to 15 s, then ErrUnavailable;
//	                          followers look again at least every half second
//	database killed           appends answered and pages committed are kept
//	NOTIFY lost               found by polling
//	service stopped           each follower commits its page and looks no more
package eventstore
