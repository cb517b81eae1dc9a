// Package rebuild builds read models anew from the log while the old ones are
// served, and tells operators where each of them stands.
//
// # A rebuild
//
//	waiting ──▶ filling ──▶ indexing ──▶ comparing ──▶ swapping ──▶ done
//	               │            │            │            │
//	               └────────────┴──── failed ┴────────────┘
//
// Filling: tables like those in schema read are made in read_next, without the
// indexes that only queries need, and the projector's own Apply fills them from the first
// event on, a large page in a transaction, together with the position reached.
// Several that are ordered at once go over the log together: a page is read and
// decoded for the first of them and kept for the others.
// The projector goes on with the old tables. Indexing: the other indexes are
// made, and the tables vacuumed and analysed. Comparing: for a moment the
// projector is held until the new tables are at its position; rows and checksums
// of both are read in a snapshot of that moment. Swapping: what came since is
// applied and the tables change schemas, in one transaction. The old ones are
// then in read_kept until the next rebuild.
//
// # What is guaranteed
//
//   - Reads answer throughout, from the old tables or from the new ones, and never
//     from a mixture. They wait 50 ms at most, where a long query of somebody
//     else's keeps the swap from its lock; then the swap gives way and tries again.
//   - After the swap the tables are as if the projector had built them, at its
//     position: nobody sees an older state than before. Nothing is failed any more.
//   - One process at a time works on a rebuild, under an advisory lock that ends
//     with a connection of its. Whoever goes on begins where the other was, for tables and
//     position are committed together. A process that was thought dead and is not
//     writes nothing: each run has an id.
//   - An event that cannot be applied stops the rebuild and nothing else.
//   - Texts of people who are erased meanwhile, or later, leave the tables beside
//     too: the projector forgets them there as in those it serves.
//   - Views over the tables show the new ones after the swap.
//
// # What is not
//
// The swap waits for transactions that were open when the tables were full; one
// that is left open holds it up for as long. An erasure that meets the
// making of an index waits for it. Tables that lacked failed events are not kept,
// for nobody could go on with them. Foreign keys and triggers are not taken over:
// read models have none.
//
// # Rollback
//
// The kept tables become those to be swapped in: they catch up from their own
// position and take the place of the others, which are kept in turn.
//
// The table rebuilds is this package's; it writes to checkpoints where it swaps.
package rebuild
