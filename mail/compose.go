package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"helpdesk/domain/email"
)

// DefaultFrom is the sender of emails unless another is configured (API.md,
// HELPDESK_MAIL_FROM).
const DefaultFrom = "helpdesk@example.com"

// OwnHeader is the field of an email that has its id, by which it is known when it comes back.
const OwnHeader = "X-Helpdesk-Email"

// Where a ticket, and one's own account, are found below the public URL.
const (
	ticketPath  = "/admin/tickets/%d/"
	accountPath = "/admin/account/"
)

// How many characters of a title and of a name an email tells. Both are longer
// than what the domain lets in.
const (
	titleMax = 250
	nameMax  = 200
)

// Message is an email ready to be sent.
type Message struct {
	ID   string // the Message-ID, with its angle brackets
	From string // the envelope's sender, without angle brackets
	To   string // the envelope's recipient, without angle brackets
	Data []byte // the whole message but for its files (RFC 5322), lines ending in CRLF

	Files  []email.File // that go with it; see [Message.Stream]
	Source Files        // what has their bytes
}

// Config is how emails are written.
type Config struct {
	// From is the sender: a mail address, with or without a name before it.
	// The default is [DefaultFrom]. It has to be of ASCII but for its domain, which is
	// part of every Message-ID.
	From string

	// Bounce is where mail servers return emails to, an address of ASCII: the envelope's
	// sender. Empty: From.
	Bounce string

	// PublicURL is the address under which people reach the service. Emails then
	// link to their ticket and to the recipient's account; empty, they don't.
	PublicURL string
}

// Composer writes emails. It may be used from many goroutines.
type Composer struct {
	from      mail.Address
	bounce    string
	host      string // the domain of from
	publicURL string // without a slash at its end
	templates map[email.Kind]templatesOfKind
}

// NewComposer makes a Composer. Its errors name the faulty field of config.
func NewComposer(config Config) (*Composer, error) {
	if config.From == "" {
		config.From = DefaultFrom
	}
	from, err := mail.ParseAddress(config.From)
	if err == nil {
		from.Address = withALabels(from.Address)
	}
	if err != nil || !ascii(from.Address) {
		return nil, fmt.Errorf("the sender of emails, %q, is no mail address of ASCII like %q", config.From, "Helpdesk <"+DefaultFrom+">")
	}
	from.Name = name(from.Name)
	bounce := from.Address
	if config.Bounce != "" {
		to, err := mail.ParseAddress(config.Bounce)
		if err != nil || to.Name != "" || !ascii(withALabels(to.Address)) {
			return nil, fmt.Errorf("the address that emails are returned to, %q, is no mail address of ASCII like %q", config.Bounce, "bounces@example.com")
		}
		bounce = withALabels(to.Address)
	}
	public := strings.TrimRight(config.PublicURL, "/")
	if public != "" {
		u, err := url.Parse(public)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("the public URL, %q, is not like %q", config.PublicURL, "https://desk.example.com")
		}
	}
	templates, err := readTemplates()
	if err != nil {
		return nil, err
	}
	return &Composer{
		from:      *from,
		bounce:    bounce,
		host:      from.Address[strings.LastIndex(from.Address, "@")+1:],
		publicURL: public,
		templates: templates,
	}, nil
}

// Compose writes the email, as text and as HTML. The same email always gives
// the same bytes: the Message-ID and the boundary between the parts are made
// from its id, and its Date is that of its cause, however much later it is
// sent. It fails for an unknown kind and for a recipient without a valid
// address; l.To may be valid and still be beyond a server without SMTPUTF8.
func (c *Composer) Compose(l email.Content) (Message, error) {
	page, ok := c.templates[l.Kind]
	if !ok {
		return Message{}, fmt.Errorf("compose email %s: no email is of the kind %q", l.ID, l.Kind)
	}
	to, err := mail.ParseAddress(l.To.Address)
	if err != nil || to.Name != "" { // the error would name the address
		return Message{}, fmt.Errorf("compose email %s: the recipient's mail address is not valid", l.ID)
	}
	to.Name, to.Address = name(l.To.Name), withALabels(to.Address)
	written, err := page.write(c.view(l))
	if err != nil {
		return Message{}, fmt.Errorf("compose email %s: %w", l.ID, err)
	}

	// The "=" cannot stand in a quoted-printable part as itself, so no text can
	// end its part by guessing the id. go-mail's own Content-Type would leave
	// out the quotes that it makes necessary.
	boundary := "=_" + l.ID.String()
	root := fmt.Sprintf("<%s@%s>", l.Ticket.ID, c.host)

	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(boundary))
	c.address(m, *to)
	m.Subject(encoded(written.subject))
	m.SetDateWithValue(l.At.UTC())
	m.SetMessageIDWithValue(l.ID.String() + "@" + c.host)
	switch {
	case foreignID.MatchString(l.InReplyTo):
		m.SetGenHeader(gomail.HeaderInReplyTo, l.InReplyTo)
		m.SetGenHeader(gomail.HeaderReferences, l.InReplyTo)
	case l.Kind != email.Digest:
		// No message has the id they name. It stands for the ticket, and is what
		// makes a client show the ticket's emails as one conversation.
		m.SetGenHeader(gomail.HeaderInReplyTo, root)
		m.SetGenHeader(gomail.HeaderReferences, root)
	}
	// A forwarder may give it another Message-ID, and leaves this.
	m.SetGenHeader(OwnHeader, l.ID.String())
	m.SetGenHeader("Auto-Submitted", submitted(l.Kind))
	m.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	m.SetGenHeader(gomail.HeaderContentType, `multipart/alternative; boundary="`+boundary+`"`)
	m.SetBodyString(gomail.TypeTextPlain, written.text)
	m.AddAlternativeString(gomail.TypeTextHTML, written.html)

	var data bytes.Buffer
	if _, err := m.WriteTo(&data); err != nil {
		return Message{}, fmt.Errorf("compose email %s: %w", l.ID, err)
	}
	return Message{
		ID:   m.GetMessageID(),
		From: envelope(c.bounce),
		To:   envelope(to.Address),
		Data: data.Bytes(),

		Files: slices.DeleteFunc(slices.Clone(l.Files), func(f email.File) bool { return f.Left != "" }),
	}, nil
}

// foreignID is what a Message-ID of somebody else's may be to stand in an email: on one line
// as long as a line may be (RFC 5322 §2.1.1), beside the name of its field.
var foreignID = regexp.MustCompile(`^<[!-;=?-~]{1,900}>$`)

// submitted returns how an email came to be sent (RFC 3834 §5): no answer, please.
func submitted(k email.Kind) string {
	if k == email.Acknowledged {
		return "auto-replied"
	}
	return "auto-generated"
}

// address writes from whom and to whom a message is. What go-mail writes of a name
// beyond ASCII leaves the first line empty; an address beyond it can only be written so.
func (c *Composer) address(m *gomail.Msg, to mail.Address) {
	m.SetGenHeader("From", mailbox(c.from))
	if to := to; !ascii(to.Address) {
		m.ToMailAddress(&to)
		return
	}
	m.SetGenHeader("To", mailbox(to))
}

// name makes a display name fit for a header.
func name(s string) string {
	s = defuse(line(s, nameMax))
	if !ascii(s) {
		// [mail.Address.String] leaves a backslash as it is in an encoded-word,
		// where RFC 2047 §5 (3) does not let it stand.
		s = strings.ReplaceAll(s, `\`, "/")
	}
	return s
}

// envelope returns a parsed address as it stands in MAIL and RCPT, quoted where
// it has to be.
func envelope(address string) string {
	a := mail.Address{Address: address}
	return strings.TrimSuffix(strings.TrimPrefix(a.String(), "<"), ">")
}
