// Package audit makes the log tamper evident: a Merkle tree grows over it, its
// size and root are signed, and anybody who holds an earlier signature can prove
// with public tools that nothing was altered or left out since.
// docs/audit-log.md has the formats byte by byte.
//
// # What is promised
//
//   - Every event is a leaf of one tree, the one at position n as leaf n−1, within
//     a second of its append. Its entry covers all that is stored of it.
//   - A position that is missing, or an event that cannot be an entry, stops the
//     tree. What is behind it is never signed.
//   - A key signs no tree that is smaller than, or has not grown out of, one that
//     it signed before, as far as the folder of the signing process remembers.
//   - Whoever holds a checkpoint can tell any later change of what it covers, and
//     [Verify] names the first position that shows it.
//   - What is served is C2SP tlog-tiles, tlog-checkpoint and signed-note with
//     Ed25519, over RFC 6962 hashes: monitors and tools of others read it.
//
// # What is not
//
// An event that was altered between its append and the signature is signed as it
// then is; that is a second at most while the service runs. Who has the database,
// the key and the file of checkpoints can sign another history: it is found out
// by whoever kept a checkpoint elsewhere, the outside witness or an auditor, and
// by nobody else. The tree says that something was recorded, not that it is true.
//
// # Whom one trusts
//
//	the database      nothing: it stores events, tiles and the newest checkpoint,
//	                  and all of them are held against signatures
//	the folder        the key and the file of checkpoints; whoever may write there
//	                  can forge what no other witness has seen
//	the witness       that it keeps what it was given
//	the verifier key  that it came to the auditor by a way of its own
//
// # Who signs
//
// The first worker makes the key in its data folder, and the database records its
// public half. From then on only processes that have that very key sign, in turn,
// under a lock on its row; the others only grow the tree and serve it. A process
// with another key signs nothing and says so. [Renew] makes a new key the log's.
//
// # Tables
//
// In the schema audit, written by this package alone: tiles, the full tiles, which
// can neither be changed nor removed; edge, the tiles at the right edge; keys, the
// public keys with the newest checkpoint of each. Of an event 32 bytes are stored,
// and a 255th of that above it.
//
// # Failures
//
//	a position is missing    the tree stops there, with an error in the log; the
//	                         watchdog sees it stalled and /readyz says so
//	the tree was altered     its next checkpoint is refused: [ErrForked], [ErrShrunk]
//	the key is not here      another process signs, or nobody: the newest checkpoint
//	                         grows old, which monitors see
//	killed while signing     the file has the checkpoint and the database may not:
//	                         it is published by the next look; half a note at the end
//	                         of the file is cut off before the next is written
//	the witness is away      tried again, for ever; nothing waits for it
//	an event in the log      refused once its entry would have more than 65,535
//	                         bytes, which no request can cause
package audit
