// Package attachments keeps the files of tickets and comments: what people upload, under
// which key it is sealed, and the bytes in a store ([blobs]).
//
// # What is guaranteed
//
//   - The log has the digest of the bytes as they are stored, which is sealed: with log and
//     store anybody proves that a file is what was attached, and the digest tells nothing
//     about one that was erased.
//   - Each file has a random key of its own, sealed under the key of who brought it. Once
//     the file is removed or the person erased, nothing opens the bytes any more; they are
//     deleted within minutes.
//   - The bytes are durable before an event names them. What was uploaded and attached to
//     nothing goes after a day, as does what an upload left behind that broke off.
//   - An upload is attached once: it is marked in the transaction of the append.
//   - Nothing holds a whole file in memory, nor a connection of the database while a client
//     takes its time.
//
// # What is not
//
// A backup holds keys and bytes as they were; take that of the database before that of
// the store, so that there is a blob for each row.
package attachments
