// Package demo makes up a year of a helpdesk: its people, their tickets, and
// what became of each. It is for trying the desk out and for showing figures
// that look like figures; nothing in it is about anybody.
//
// A year is a function of its last instant alone: the same end gives the same
// people, tickets and ids, so that loading it can be interrupted and go on.
//
// # What it is like
//
// Tickets come on working days between eight and six, most of them in the late
// morning, few at night and at weekends, fewer in August and at the turn of the
// year, and somewhat more from month to month. Fifty agents take them in office
// hours, some quicker than others, so that what is opened in the evening waits,
// and escalates when it waits too long for its priority. One ticket in fifteen is
// opened again. Some of the last days' tickets are still being worked on at the
// end, and some are left lying. Then every agent has one in hand, and the newest wait for
// somebody.
package demo
