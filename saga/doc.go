// Package saga keeps the promises that take time: a ticket that waits too long
// escalates, and the people concerned are notified by email.
//
// # Process managers
//
// A process manager is a [follow.Follower]. It folds the log into the little
// it has to remember, and returns what is to come of an event: a timer set or
// called off, a command issued. All of that is written in the transaction of its
// checkpoint, so each event has its effects once. It never appends events and
// never calls anybody.
//
//	process manager   remembers                         wants
//	escalation        saga.escalation: since when a     a timer for each ticket that
//	                  ticket waits, and its priority    waits: EscalateTicket
//	emails            saga.people, saga.requesters:     SendEmail, one for each
//	                  whom to notify, and who was       recipient; one an author and
//	                  told that a message came          day of messages that came in;
//	                                                    SuppressAddress of a bounce
//	inbound           nothing                           JudgeMessage for each that
//	                                                    came in
//	take_back         nothing                           TakeBackTickets of who left, or
//	                                                    of a ticket that was reopened
//
// # The way of an effect
//
//	log ─▶ follower ─▶ saga.timers ─▶ saga.outbox ─▶ claim ─▶ handler ─▶ command ─▶ log
//	              └──────────────────────▲             │
//	                                     └── fails ────┘
//
// [Timers] moves what is due from the timers to the outbox in one statement.
// [Processor] claims commands from the outbox, a few at once, and has Watermill's
// command processor hand them to their handlers. What a handler does is an
// ordinary command of package commands, decided on the state at that moment.
//
// # What is guaranteed
//
//   - A timer fires once, and never early by the database clock. It is late by as
//     much as the processes are down or busy: by milliseconds mostly. After an
//     outage timers fire in the order they were due in, a thousand a second at most.
//   - A timer that was called off before it fired does nothing. One called off
//     since has become a command, which looks at the ticket again: EscalateTicket
//     names the opening and the priority it was set for and leaves alone a ticket
//     that has moved on.
//   - A command is carried out at least once, and acts once: its id is stored with
//     the events it appends; of an email, its state and what is noted of its hand-over
//     say how far it has come.
//   - An address is let have so many emails within an hour and no more, over all
//     processes ([Room]). What is too many is in one digest, for its event and that note are
//     written together, and the digest that goes gathers no more.
//   - One email for each cause and recipient. It is handed to a mail server again
//     only when that has said that it did not take it, or somebody asked for it.
//
// # What is not
//
// An email whose sender dies between handing it over and hearing the answer may
// have been sent or not: SMTP has no way to ask. saga.outbox.handed_over tells the next
// worker at it: it is uncertain then, shown as such, and left alone. Commands are not carried out in the order they were issued
// in. Instants of events decide when a timer is due, the database clock when it
// fires; the clocks of processes decide only how long a postponed email waits.
//
// # Claims
//
// A claim names its worker, a number for which the process holds an advisory
// lock on a connection of its own. When the process or the connection is gone, so
// is the lock, and within two seconds the others free what it had claimed. The look
// that does it also finds the commands and the timers of processes that ended before
// they told anybody. There are no leases to expire, and nobody waits for a time-out.
// A process that lost only its connection may still be at work on what another has
// claimed since; that is harmless, for commands act once.
//
// Nothing is locked while a command is carried out: a mail dialogue may take
// minutes, and a transaction open for as long would keep Postgres from clearing
// away dead rows.
//
// # Tables
//
// All of schema saga. saga.timers keeps what has fired, as the cause of what
// followed; saga.outbox keeps only what is still to be done. saga.emails_from is
// the head of the log when the database learnt to send emails: what was before is
// not told of. saga.email_hours is who got how many emails within the hour, and is
// forgotten after it; saga.digested is what each digest tells of. saga.policies is the
// settings that pending timers were reckoned with; a start with others reckons them anew
// ([Policy.Adopt]).
//
// # Failures
//
//	a command fails            tried ten times, waiting longer each time up to a minute;
//	                           then failed with its error until Outbox.Retry or Discard
//	an email is postponed      after HELPDESK_MAIL_RETRY_MIN, then doubling, for a day
//	a handler panics           as an error
//	process killed             its commands are freed and carried out by another
//	a process dies at a        freed, tried ten times, failed
//	command again and again
//	connection lost            the processor begins again as another worker
//	database away              nothing happens until it is back
//	database killed            ends of commands may be lost: carried out again, act once
//	an event cannot be         failed by its follower, as for any other: see eventstore
//	applied
//	service stopped            commands under way are finished, for up to 30 seconds
package saga
