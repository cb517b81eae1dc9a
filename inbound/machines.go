package inbound

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/eventstore"
	"helpdesk/inbound/eml"
	"helpdesk/mail"
)

// loops finds what the desk sent itself, and who sends too much to be a person.
func (j *Judge) loops(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	fields := map[string]string{"Message-ID": m.header.MessageID(), mail.OwnHeader: "<" + m.header.Get(mail.OwnHeader) + "@>"}
	ours, err := j.ours(ctx, slices.Collect(maps.Values(fields)))
	if err != nil {
		return message.Judged{}, false, err
	}
	for name, id := range fields {
		if _, own := ours[id]; own {
			return verdict(message.Loop, message.ReasonOwnID, "%s is that of an email that the desk sent.", name), true, nil
		}
	}
	from := m.header.From().Address
	own, err := NewMailboxes(j.pool).Addresses(ctx)
	if err != nil {
		return message.Judged{}, false, err
	}
	for _, address := range append(own, j.rules.Own) {
		if mailbox.Same(from, address) || mailbox.Same(mailbox.Undetailed(from), address) {
			return verdict(message.Loop, message.ReasonOwnAddress, "From is %s, an address of the desk.", address), true, nil
		}
	}
	if j.rules.Limit == 0 || m.history || m.Released || m.header.FromServer() {
		return message.Judged{}, false, nil
	}
	const q = `SELECT count(*) FROM received WHERE sender_id = (SELECT sender_id FROM received WHERE id = $1) AND mailbox_id = $2 AND at > $3 AND at <= $4`
	var n int
	if err := j.pool.QueryRow(ctx, q, m.id.UUID, m.Mailbox, m.At.Add(-time.Hour), m.At).Scan(&n); err != nil {
		return message.Judged{}, false, eventstore.Unreachable(fmt.Errorf("count the messages of a sender: %w", err))
	}
	if n > j.rules.Limit {
		return verdict(message.Loop, message.ReasonLimit, "The address sent more than %d messages within an hour (HELPDESK_MAIL_LOOP_LIMIT).", j.rules.Limit), true, nil
	}
	return message.Judged{}, false, nil
}

// reports reads what mail servers say of emails of the desk.
func (j *Judge) reports(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	kind, is := m.header.Report()
	if !is && (!m.header.FromServer() || m.header.AutoSubmitted() == "auto-replied") {
		return message.Judged{}, false, nil
	}
	if is && kind == "disposition-notification" {
		return verdict(message.AutoReply, message.ReasonReceipt, "Content-Type is multipart/report of a disposition-notification."), true, nil
	}
	report, err := mail.ReadReport(m.reader())
	switch {
	case errors.Is(err, mail.ErrNotOurs):
		return verdict(message.Bounce, message.ReasonNotOurs, "It is the report of a mail server, and has no email of the desk."), true, nil
	case errors.Is(err, mail.ErrNoReport) || errors.Is(err, mail.ErrUnreadable):
		return message.Judged{}, false, nil
	case err != nil:
		return message.Judged{}, false, err
	}
	_, err = j.emails.Do(ctx, m.request, report.Email, email.Report{
		By: email.By{Actor: domain.System()}, Delivery: report.Delivery, Status: report.Status, Diagnostic: report.Diagnostic,
	})
	if errors.Is(err, domain.ErrNotFound) {
		return verdict(message.Bounce, message.ReasonNotOurs, "No email of the desk has the id %s.", report.Email), true, nil
	}
	if err != nil {
		return message.Judged{}, false, err
	}
	v := verdict(message.Bounce, message.ReasonReport, "Action is %s: %s", report.Delivery, email.Reported(report.Status, report.Diagnostic))
	if report.Delivery != email.DeliveryFailed {
		v.Verdict = message.DelayNotice
	}
	v.Email = report.Email.UUID
	s, err := j.emails.State(ctx, report.Email)
	v.Ticket = s.TicketID
	return v, true, err
}

// machines keeps what was sent by no person. It is kept with its ticket, and changes
// nothing of it.
func (j *Judge) machines(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	v := message.Judged{Verdict: message.AutoReply}
	auto, responder := m.header.AutoSubmitted(), m.header.Responder()
	switch {
	case auto != "":
		v = verdict(message.AutoReply, message.ReasonSubmitted, "Auto-Submitted is %s.", auto)
	case responder != "":
		v = verdict(message.AutoReply, message.ReasonResponder, "There is a field %s.", responder)
	default:
		return v, false, nil
	}
	found, ok, err := j.referred(ctx, m)
	if ok {
		v.Ticket = found.id.UUID
	}
	return v, true, err
}

// newReason is why a message opens a ticket.
func (m *incoming) newReason() message.Judged {
	list := m.header.List()
	switch {
	case m.Released:
		return verdict(message.NewTicket, message.ReasonReleased, "An admin let it out of quarantine.")
	case m.history:
		return verdict(message.NewTicket, message.ReasonImported, "Date is before %s.", m.box.ImportBefore.Format(time.RFC3339))
	case list != "":
		return verdict(message.NewTicket, message.ReasonList, "It goes on no conversation; the field %s says that it goes to many.", list)
	}
	return verdict(message.NewTicket, message.ReasonNew, "It goes on no conversation.")
}

// acknowledged reports whether the author of a message that opened a ticket may be sent an
// email that it came: neither a machine nor many at once, and nobody who works at the desk.
func (m *incoming) acknowledged() bool {
	switch {
	case m.history || m.box.NoAcknowledgement:
		return false
	case m.author.Role != domain.RoleUser:
		return false
	}
	return m.header.List() == "" && !m.header.FromServer() && !m.header.Unanswered()
}

// named returns the id in a Message-ID of the form that those of the desk have.
func named(messageID string) (uuid.UUID, bool) {
	local, ok := eml.Local(messageID)
	if !ok || len(local) != len(uuid.Nil.String()) {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(local)
	return id, err == nil
}
