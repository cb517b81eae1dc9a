// Package keyring keeps a key for each person, under which eventstore seals what
// is personal in events, so that erasing somebody is destroying one key.
//
// # What is guaranteed
//
//   - A person has one key, made with the first text of theirs. It is random,
//     256 bits, for AES-GCM.
//   - In the database it is only ever wrapped by the master key, which is not in
//     the database: a dump alone opens nothing.
//   - Once [Destroy]'s transaction is committed, nobody who does not know the key
//     can open what was sealed under it, and processes that know it forget it
//     within a second, or at once by [Ring.Forget]. Nothing brings it back, but
//     for an older backup of the table person_keys together with the master key.
//
// # What is not
//
// Who has the master key and the database has everything that was not erased.
// A lost master key loses every personal text of the log, and no more than that:
// statuses, times and numbers are not sealed.
//
// # Tables
//
// person_keys, a row for each person; master_key, one row by which a process
// finds out that it was given another master key than the keys were wrapped with.
package keyring
