package email

// Reason is why an email was cancelled. Its values are stored for good.
type Reason string

// The reasons.
const (
	TicketDeleted     Reason = "ticket_deleted"
	CommentRemoved    Reason = "comment_removed"
	CommentRedacted   Reason = "comment_redacted"
	RecipientInactive Reason = "recipient_inactive"
	RecipientErased   Reason = "recipient_erased"
	RoleChanged       Reason = "role_changed"      // of the recipient, who got it as staff
	NotificationsOff  Reason = "notifications_off" // for emails of this kind
	AssigneeChanged   Reason = "assignee_changed"
	StatusChanged     Reason = "status_changed"
	AddressBounces    Reason = "address_bounces" // an email to it came back for good
	NothingLeft       Reason = "nothing_left"    // of what a digest would have told
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case TicketDeleted:
		return "the ticket was deleted"
	case CommentRemoved:
		return "the comment was removed"
	case CommentRedacted:
		return "the comment was redacted"
	case RecipientInactive:
		return "the recipient was deactivated"
	case RecipientErased:
		return "the recipient was erased"
	case RoleChanged:
		return "the recipient has another role now"
	case NotificationsOff:
		return "the recipient switched off emails of this kind"
	case AssigneeChanged:
		return "the ticket has had another assignee since"
	case StatusChanged:
		return "the ticket has had another status since"
	case AddressBounces:
		return "an email to the address came back for good"
	case NothingLeft:
		return "nothing of what it would have told of holds any more"
	}
	return string(r)
}
