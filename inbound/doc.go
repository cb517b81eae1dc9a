// Package inbound is email that comes in: its doors, its ledger, and what becomes of each
// message.
//
// # What is guaranteed
//
//   - A message is durable, its bytes and the event that it was received, before whoever
//     brings it is told so ([Ledger.Receive]). What becomes of it is decided from what is
//     stored, by the outbox ([Judge]): a crash at any point loses nothing, and repeats
//     nothing, for the ids of all that comes of a message are made of its own.
//   - The same bytes into the same mailbox are one message, by whatever door they come.
//   - Bytes and what events say of a message are sealed under the key of its sender, who is
//     whoever has the address, or will have it as a contact. Erasing them destroys both.
//     Reports of mail servers have keys of their own, destroyed with the email's recipient.
//   - Each message has one verdict at a time, with the rule that led to it.
//
// # What is not
//
// Who sent a message is what it says, unless a receiver that is trusted says that it is
// proven. So mail acts as a requester at most, but for staff who are proven.
//
// # Tables
//
// mailboxes, an index of those that are configured; received, one of all messages; senders,
// the ids of people who have no account. The bytes are where attachments are.
package inbound
