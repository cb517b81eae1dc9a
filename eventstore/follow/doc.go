// Package follow carries the log to whatever is built from it: each [Follower] at
// its own pace, with its own checkpoint.
//
// # What is guaranteed
//
// To a follower ([Follower]):
//   - It is given every event of its types, in order, and what it writes for an
//     event is committed once, together with its checkpoint.
//   - No transaction of anybody else holds it up, unless over the same rows: for a
//     second where they are those of another follower in the convoy.
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
// queries. Followers need not be in step with each other. A wake-up may come late
// or not at all; then the next poll does its work: within a second, and within half
// a second where somebody is behind and another process was at it.
//
// # The convoy
//
// Followers that are neither behind nor in trouble go together: the log is looked at
// once, a page of it is read and decoded once, and applied by each of them in one
// transaction. A page of events that this process appended is not even read
// ([eventstore.Recent]). Who cannot apply a page has it undone for all, and goes apart:
// into a lane of its own, with tries, smaller pages and failed events, until it has
// come to the head again. So does who is far behind the others or has failed events.
//
// # Inline
//
// A follower that is Inline is in no convoy: appends bring it up to date
// ([eventstore.Inline]). The convoy's look sees where that was not possible, and
// has it catch up in its own lane. Its last page locks the head of the log, so that
// the next append finds it there.
//
// # A page
//
// Lanes are subscribers of watermill-sql, with the log itself as the topic.
// A message is not an event but a page, the range (after, upto] of positions:
// a transaction for each event would be ten times as slow. The message names
// the followers and the handler reads the page, for the subscriber would take a query
// that fails for an empty one.
//
//	look ──────▶ nothing before them, or another process is at it: wait
//	  │
//	lock         the checkpoints, FOR UPDATE SKIP LOCKED
//	  │
//	savepoint ◀─ all that follows is undone to here when it fails; it is set,
//	  │          and released by the ack, without a round trip of its own
//	  │
//	move         the checkpoints, if they are still at after
//	  │
//	apply ─────▶ fails in the convoy: undo, go apart
//	  │          fails apart: undo, ack with nothing written, wait, look again
//	  │          refused three times: apply by halves, fail what stands alone
//	ack          always: a nack sends again within the same transaction
//	  │
//	commit       effects, checkpoints and failed events, or none of them
//
// Looking writes nothing, so that an idle follower costs next to nothing:
// FOR UPDATE alone would write. A poll asks in one statement whether there is anything
// to look for at all. The lock is what makes several processes take
// turns; the next one has it as soon as the transaction of the last has ended,
// however it ended. Moving the checkpoint by compare-and-set makes a message
// that comes a second time harmless.
//
// There is no ack deadline: when it passes, the subscriber commits what the
// handler has written so far. A page has a time limit of its own instead
// ([Config]), at whose end it is undone. What hangs in spite of that is
// seen by the [Watchdog], which looks at the tables alone.
//
// Pages wait for the disk like appends. Without that a crash of the server would
// take back the last of them: they would be applied again, but until then a
// reader would miss what a write's answer had already promised.
//
// # Waking and waiting
//
// An append wakes the followers of all processes ([eventstore.Notifier],
// [eventstore.Signals]). A follower
// to which the types of the new events mean nothing is in no hurry: it moves its
// checkpoint within 50 ms, over many appends at once.
//
// Who reads waits ([Freshness]) until the followers that the read is served from
// have come to where the log was when the reader came, or are a little behind with
// nothing of their types in between. Their checkpoints are asked each time: other
// processes append too, and a restored backup, or a standby that was behind when it took
// over, has moved them back.
//
// # Holding
//
// A paused follower ([Pause]) is looked past by the look of every process. Readers
// are told how old its tables are, and those who want newer ones are refused
// ([ErrPaused]), until it is resumed.
//
// # Staging and previous tables
//
// A follower that states its Tables is told by search_path which ones are meant:
// those that are served, those that a rebuild fills ([Staging]), or those from
// before ([Previous]). An erasure is carried out in all three by whoever follows the
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
//	                          followers look again at least every second
//	database killed           appends answered and pages committed are kept
//	NOTIFY lost               found by polling
//	service stopped           each follower commits its page and looks no more
package follow
