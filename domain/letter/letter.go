// Package letter is the letter aggregate: one logical mail to one person, and
// what became of it.
//
//	          ┌────────────── Postponed ◀─┐
//	          ▼                           │
//	Queued ─▶ waiting ─▶ HandedOver ──────┼─▶ Sent
//	          ▲                           ├─▶ Failed
//	          └──────── Requeued ◀────────┴─▶ Doubted
package letter
