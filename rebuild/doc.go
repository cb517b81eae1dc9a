// Package rebuild builds projections anew from the log while their current tables
// are served, and reports to operators where each of them stands.
//
// # A rebuild
//
//	waiting ──▶ filling ──▶ indexing ──▶ comparing ──▶ swapping ──▶ done
//	               │            │            │            │
//	               └────────────┴──── failed ┴────────────┘
//
// Filling: staging tables like those in schema read are made in read_staging, without
// the indexes that only queries need, and the projection's own Apply fills them from the
// first event on, a large page in a transaction, together with the position reached.
// Several that are ordered at once go over the log together: a page is read and
// decoded once for all of them. The projection goes on with the current tables.
// Indexing: the other indexes are made, and the tables vacuumed and analysed.
// Comparing: for a moment the projection is held until the staging tables are at its
// position; rows and checksums of both are read in a snapshot of that moment. Swapping:
// what came since is applied and the tables change schemas, in one transaction. The
// tables that were served are then the previous tables, in read_previous, until the
// next rebuild.
//
// # What is guaranteed
//
//   - Reads go on throughout, from the current tables or from the new ones, and never
//     from a mixture. They wait 50 ms at most, where a long query of somebody
//     else's keeps the swap from its lock; then the swap gives way and tries again.
//   - After the swap the tables are as if the projection had built them, at its
//     position: nobody sees an older state than before. It has no failed events any more.
//   - One process at a time works on a rebuild, under an advisory lock that ends
//     with a connection of its. Whoever takes over begins where the other was, for
//     tables and position are committed together. A process that was thought dead and
//     is not writes nothing: each run has an id.
//   - An event that cannot be applied stops the rebuild and nothing else.
//   - Texts of people who are erased meanwhile, or later, leave the staging and
//     previous tables too: the projection forgets them there as in those it serves.
//   - Views over the tables show the new ones after the swap.
//
// # What is not
//
// The swap waits for transactions that were open when the tables were full; one
// that is left open holds it up for as long. An erasure that meets the making of an
// index waits for it. Tables that lacked failed events do not become previous tables,
// for nobody could go on with them. Foreign keys and triggers are not taken over:
// projections have none.
//
// # Rollback
//
// The previous tables become the staging tables: they catch up from their own
// position and take the place of the current ones, which then are the previous ones.
//
// The table rebuilds is this package's; it writes to checkpoints where it swaps.
package rebuild
