package message

// Verdict is what became of a message. Each has one.
type Verdict string

// The verdicts; "": none yet.
const (
	NewTicket   Verdict = "new_ticket"
	Reply       Verdict = "reply"
	FollowUp    Verdict = "follow_up"    // a ticket that goes on from one that takes no replies any more
	AutoReply   Verdict = "auto_reply"   // of a machine
	Bounce      Verdict = "bounce"       // an email of the desk came back
	DelayNotice Verdict = "delay_notice" // an email of the desk is under way still, or there
	Loop        Verdict = "loop"         // what the desk sent itself, or too many of one address
	Duplicate   Verdict = "duplicate"    // the same as one before, that came another way
	Quarantined Verdict = "quarantined"  // it waits for an admin
	Refused     Verdict = "refused"
	TooLarge    Verdict = "too_large"
	Unreadable  Verdict = "unreadable"
	SetAside    Verdict = "discarded" // an admin set it aside
)

// Verdicts lists every verdict.
func Verdicts() []Verdict {
	return []Verdict{NewTicket, Reply, FollowUp, AutoReply, Bounce, DelayNotice, Loop, Duplicate, Quarantined, Refused, TooLarge, Unreadable, SetAside}
}

// Reason is which rule led to a verdict. Its values are stored for good.
type Reason string

// The reasons.
const (
	ReasonNew         Reason = "new"
	ReasonList        Reason = "mailing_list"
	ReasonReleased    Reason = "released"
	ReasonImported    Reason = "imported"
	ReasonReference   Reason = "reference"      // a header names an email of the ticket
	ReasonSubject     Reason = "subject_number" // the subject has the number of the ticket
	ReasonClosed      Reason = "ticket_closed"
	ReasonFull        Reason = "ticket_full"
	ReasonOwnID       Reason = "own_message"
	ReasonOwnAddress  Reason = "own_address"
	ReasonLimit       Reason = "loop_limit"
	ReasonReport      Reason = "delivery_report"
	ReasonNotOurs     Reason = "not_ours"
	ReasonSubmitted   Reason = "auto_submitted"
	ReasonResponder   Reason = "auto_responder"
	ReasonReceipt     Reason = "receipt"
	ReasonSame        Reason = "same_message"
	ReasonStranger    Reason = "stranger"
	ReasonInThread    Reason = "stranger_in_thread"
	ReasonDeactivated Reason = "sender_deactivated"
	ReasonUnproven    Reason = "staff_not_proven"
	ReasonForbidden   Reason = "sender_may_not"
	ReasonTooLarge    Reason = "too_large"
	ReasonNoSender    Reason = "no_sender"
	ReasonMalformed   Reason = "malformed"
	ReasonByAdmin     Reason = "by_admin"
)
