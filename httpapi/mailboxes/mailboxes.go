// Package mailboxes is the addresses of the desk that people write to.
package mailboxes

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
)

// Reader reads mailboxes as the read side shows them.
type Reader interface {
	Mailbox(ctx context.Context, id mailbox.ID) (view.Mailbox, error)
	Mailboxes(ctx context.Context, active *bool, p projections.Page) (projections.Slice[view.Mailbox], error)
}

// History reads what happened to a mailbox, whoever asks.
type History interface {
	Mailbox(ctx context.Context, id mailbox.ID, p projections.Page) (projections.Slice[history.Entry], error)
}

// Ledger takes messages in, and knows them again; see [inbound.Ledger].
type Ledger interface {
	Holds(ctx context.Context, id message.ID, r io.Reader) (bool, error)
	Receive(ctx context.Context, q commands.Request, to mailbox.ID, r io.Reader) (commands.Outcome, error)
}

// Passwords seals the passwords of mailboxes; see [inbound.Passwords].
type Passwords interface {
	Seal(ctx context.Context, id mailbox.ID, password string) ([]byte, error)
}

// Check looks at the folder of a mailbox on its server, and returns how many messages are
// in it; see [imap.Check].
type Check func(ctx context.Context, id mailbox.ID) (messages uint32, err error)

// Resource is the calls on mailboxes.
type Resource struct {
	App       *commands.App
	Read      Reader
	History   History
	Ledger    Ledger
	Passwords Passwords
	Check     Check
	// Receiving counts the messages of each person that are under way.
	Receiving *edge.AtOnce
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	const tag, about = "Mailboxes", "Addresses of the desk that people write to."
	return append(httpapi.Remade(httpapi.Tagged(tag, about,
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/mailboxes/", ID: "listMailboxes",
			Summary: "List mailboxes",
			About:   "For admins. By name, archived ones too.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/mailboxes/", ID: "addMailbox",
			Summary: "Add a mailbox",
			About:   "For admins. Names and addresses are unique without regard to case, those of archived mailboxes too.",
			Who:     httpapi.SignedIn, Status: http.StatusCreated, Handler: httpapi.Handle(r.add),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/mailboxes/{id}/", ID: "getMailbox",
			Summary: "Read a mailbox",
			About:   "For admins.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodPatch, Path: "/api/mailboxes/{id}/", ID: "patchMailbox",
			Summary: "Change a mailbox",
			About:   "For admins. With is_active false it is archived: it takes no messages until it is taken into use again. None is ever deleted.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.patch),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/mailboxes/{id}/history/", ID: "mailboxHistory",
			Summary: "Read what happened to a mailbox",
			About:   "For admins: every event, oldest first, with what it changed.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.history),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/mailboxes/{id}/messages/", ID: "receiveMessage",
			Summary: "Hand in a message",
			About:   "For admins: gateways bring what they received (RFC 5322). It is durable once this is answered, and judged after that; the same bytes once more are the same message. Of one that is larger than HELPDESK_MAIL_MAX its header is kept. An archived mailbox takes none: 422 mailbox_archived.",
			Who:     httpapi.SignedIn, Status: http.StatusAccepted, Handler: httpapi.BodyOf("message/rfc822", r.receive, r.again),
			Headers: []string{"Location"}, Never: []int{http.StatusRequestEntityTooLarge},
		},
	), func(_ context.Context, _ *httpapi.Call, out commands.Outcome) (Mailbox, error) { return written(out) }),
		httpapi.Tagged(tag, about,
			httpapi.Route{
				Method: http.MethodPost, Path: "/api/mailboxes/{id}/check/", ID: "checkMailbox",
				Summary: "Check the connection of a mailbox",
				About:   "For admins. Signs in to the server that its messages are fetched from and looks at the folder; nothing is changed there. A server that cannot be reached, or refuses, is no error of the call: ok is false.",
				Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.check),
				Never: []int{http.StatusPreconditionFailed, http.StatusUnprocessableEntity},
			},
		)...)
}

// Mailbox is an address of the desk that people write to.
type Mailbox struct {
	ID              uuid.UUID         `json:"id" required:"true"`
	Name            string            `json:"name" required:"true"`
	Address         string            `json:"address" required:"true"`
	DefaultPriority string            `json:"default_priority" required:"true" enum:"low,medium,high" description:"Of tickets that it opens."`
	Strangers       mailbox.Strangers `json:"strangers" required:"true" description:"What becomes of messages of people who are not known."`
	ReopenDays      int               `json:"reopen_days" required:"true" description:"How many days a reply reopens a closed ticket; later it opens another."`
	ImportBefore    *wire.Time        `json:"import_before" required:"true" description:"Messages from before are taken over as history, silently; null: none are."`
	Acknowledge     bool              `json:"acknowledge" required:"true" description:"Whether who opens a ticket here by mail is sent an email that it came: at most one an address and day."`
	IMAP            *IMAP             `json:"imap" required:"true" description:"Where messages are fetched from; null: nowhere."`
	IsActive        bool              `json:"is_active" required:"true" description:"False: it is archived and takes no messages."`
	CreatedAt       wire.Time         `json:"created_at" required:"true"`
	UpdatedAt       wire.Time         `json:"updated_at" required:"true"`
	Version         int               `json:"version" required:"true"`
}

// Example is the body, or the answer, as the document shows it.
func (Mailbox) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-000000000004", "name": "Support", "address": "support@example.com", "default_priority": "low",
		"strangers": "accept", "reopen_days": 14, "import_before": null, "acknowledge": true, "imap": {"url": "imaps://support@mail.example.com/INBOX", "after": "seen"},
		"is_active": true,
		"created_at": "2026-01-31T12:00:00.000000Z", "updated_at": "2026-01-31T12:00:00.000000Z", "version": 1}`
}

// IMAP is a folder that messages are fetched from.
type IMAP struct {
	URL   string `json:"url" required:"true" minLength:"1" maxLength:"500" trim:"true" description:"imaps://user@host:993/FOLDER; with imap:// STARTTLS is required unless ?tls=none. Without a folder it is INBOX."`
	After string `json:"after" required:"true" minLength:"1" maxLength:"250" trim:"true" description:"What becomes of a message there once it is durable here: seen, delete or move:FOLDER."`
}

func imapOf(m view.Mailbox) *IMAP {
	if m.IMAPURL == nil || m.IMAPAfter == nil {
		return nil
	}
	return &IMAP{URL: *m.IMAPURL, After: *m.IMAPAfter}
}

func mailboxOf(m view.Mailbox) Mailbox {
	return Mailbox{
		ID: m.ID, Name: m.Name, Address: m.Address, DefaultPriority: m.DefaultPriority, Strangers: m.Strangers,
		ReopenDays: m.ReopenDays, ImportBefore: wire.TimeOf(m.ImportBefore), Acknowledge: m.Acknowledge, IMAP: imapOf(m), IsActive: m.IsActive,
		CreatedAt: wire.At(m.CreatedAt), UpdatedAt: wire.At(m.UpdatedAt), Version: m.Version,
	}
}

// written is a mailbox as a command left it.
func written(out commands.Outcome) (Mailbox, error) {
	m, ok := view.MailboxOf(out.Events)
	if !ok {
		return Mailbox{}, domain.ErrNotFound
	}
	return mailboxOf(m), nil
}

// mayConfigure refuses whoever is no admin.
func mayConfigure(c *httpapi.Call) error {
	if !c.Actor.Admin() {
		return domain.ErrForbidden
	}
	return nil
}

// Path is the path of calls on one mailbox.
type Path struct {
	Mailbox string `path:"id" json:"-" description:"The mailbox's id."`
}

func (p Path) id() (mailbox.ID, error) {
	id, err := bind.ParseUUID(p.Mailbox)
	return mailbox.ID{UUID: id}, err
}

// Query is the parameters of the list of mailboxes.
type Query struct {
	httpapi.Listing
	IsActive bind.Optional[bool] `query:"is_active" description:"Only those that take messages, or only those that do not."`
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, in Query) (httpapi.List[Mailbox], error) {
	var none httpapi.List[Mailbox]
	if err := mayConfigure(c); err != nil {
		return none, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return none, err
	}
	slice, err := r.Read.Mailboxes(ctx, in.IsActive.Ptr(), page)
	if err != nil {
		return none, err
	}
	return httpapi.ListOf(c, slice, mailboxOf)
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in Path) (Mailbox, error) {
	if err := mayConfigure(c); err != nil {
		return Mailbox{}, err
	}
	id, err := in.id()
	if err != nil {
		return Mailbox{}, err
	}
	m, err := r.Read.Mailbox(ctx, id)
	if err == nil {
		err = c.Tag(m.Version)
	}
	return mailboxOf(m), err
}

// Addition is the body that adds a mailbox.
type Addition struct {
	Name            string                           `json:"name" required:"true" minLength:"1" maxLength:"100" trim:"true"`
	Address         string                           `json:"address" required:"true" minLength:"1" maxLength:"254" trim:"true"`
	DefaultPriority bind.Optional[string]            `json:"default_priority" enum:"low,medium,high" description:"Of tickets that it opens; low when left out."`
	Strangers       bind.Optional[mailbox.Strangers] `json:"strangers" description:"What becomes of messages of people who are not known: they become a contact, wait for an admin, or have no effect. accept when left out."`
	ReopenDays      bind.Optional[int]               `json:"reopen_days" minimum:"0" maximum:"3650" description:"14 when left out."`
	ImportBefore    bind.Optional[time.Time]         `json:"import_before" nullable:"true" description:"Not in the future."`
	Acknowledge     bind.Optional[bool]              `json:"acknowledge" description:"Whether who opens a ticket here by mail is sent an email that it came: at most one an address and day. true when left out."`
	IMAP            bind.Optional[IMAP]              `json:"imap" nullable:"true"`
	Password        bind.Optional[string]            `json:"password" minLength:"1" maxLength:"1000" writeOnly:"true" description:"Of the user of imap. It is kept sealed and never shown."`
}

// Example is the body, or the answer, as the document shows it.
func (Addition) Example() string {
	return `{"name": "Support", "address": "support@example.com", "strangers": "accept"}`
}

func (r Resource) add(ctx context.Context, c *httpapi.Call, in Addition) (Mailbox, error) {
	add := mailbox.Add{By: mailbox.By{Actor: c.Actor}, Settings: mailbox.Settings{
		Name: in.Name, Address: in.Address, DefaultPriority: cmp.Or(in.DefaultPriority.Value, mailbox.DefaultPriority),
		Strangers: cmp.Or(in.Strangers.Value, mailbox.DefaultStrangers), ReopenDays: mailbox.DefaultReopenDays,
		ImportBefore: in.ImportBefore.Value, NoAcknowledgement: in.Acknowledge.Set && !in.Acknowledge.Value,
	}, Now: c.Now()}
	if in.ReopenDays.Set {
		add.ReopenDays = in.ReopenDays.Value
	}
	add.IMAP = settingsOf(in.IMAP)
	id := mailbox.ID{UUID: c.NewID()}
	var err error
	if add.Password, err = r.seal(ctx, c, id, in.Password); err != nil {
		return Mailbox{}, err
	}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) { return r.App.Mailboxes.Do(ctx, q, id, add) })
	if err != nil {
		return Mailbox{}, err
	}
	c.Header.Set("Location", "/api/mailboxes/"+out.StreamID.String()+"/")
	return r.answer(c, out)
}

// answer is a mailbox just written to, with its ETag.
func (r Resource) answer(c *httpapi.Call, out commands.Outcome) (Mailbox, error) {
	m, err := written(out)
	if err == nil {
		err = c.Tag(m.Version)
	}
	return m, err
}

// Patch is the body that changes a mailbox.
type Patch struct {
	Path
	Name            bind.Optional[string]            `json:"name" minLength:"1" maxLength:"100" trim:"true"`
	Address         bind.Optional[string]            `json:"address" minLength:"1" maxLength:"254" trim:"true"`
	DefaultPriority bind.Optional[string]            `json:"default_priority" enum:"low,medium,high"`
	Strangers       bind.Optional[mailbox.Strangers] `json:"strangers"`
	ReopenDays      bind.Optional[int]               `json:"reopen_days" minimum:"0" maximum:"3650"`
	ImportBefore    bind.Optional[time.Time]         `json:"import_before" nullable:"true" description:"Not in the future. Null: no message is history."`
	Acknowledge     bind.Optional[bool]              `json:"acknowledge"`
	IMAP            bind.Optional[IMAP]              `json:"imap" nullable:"true" description:"Null: nothing is fetched."`
	Password        bind.Optional[string]            `json:"password" minLength:"1" maxLength:"1000" writeOnly:"true" description:"Of the user of imap, needed again for another server."`
	IsActive        bind.Optional[bool]              `json:"is_active"`
}

// Example is the body, or the answer, as the document shows it.
func (Patch) Example() string { return `{"strangers": "quarantine"}` }

func (r Resource) patch(ctx context.Context, c *httpapi.Call, in Patch) (Mailbox, error) {
	id, err := in.id()
	if err != nil {
		return Mailbox{}, err
	}
	edit := mailbox.Edit{
		By: mailbox.By{Actor: c.Actor}, Name: in.Name.Ptr(), Address: in.Address.Ptr(), DefaultPriority: in.DefaultPriority.Ptr(),
		Strangers: in.Strangers.Ptr(), ReopenDays: in.ReopenDays.Ptr(), Active: in.IsActive.Ptr(), Acknowledge: in.Acknowledge.Ptr(),
		Now: c.Now(),
	}
	if in.ImportBefore.Set {
		edit.ImportBefore = &in.ImportBefore.Value
	}
	if in.IMAP.Set {
		edit.IMAP = new(settingsOf(in.IMAP))
	}
	if edit.Password, err = r.seal(ctx, c, id, in.Password); err != nil {
		return Mailbox{}, err
	}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) { return r.App.Mailboxes.Do(ctx, q, id, edit) })
	if err != nil {
		return Mailbox{}, err
	}
	return r.answer(c, out)
}

// settingsOf returns the settings of IMAP that a body has; zero for null.
func settingsOf(in bind.Optional[IMAP]) mailbox.IMAP {
	if in.Ptr() == nil {
		return mailbox.IMAP{}
	}
	return mailbox.IMAP{URL: in.Value.URL, After: in.Value.After}
}

// seal returns a password as it is stored; nil where there is none.
func (r Resource) seal(ctx context.Context, c *httpapi.Call, id mailbox.ID, password bind.Optional[string]) ([]byte, error) {
	if !password.Set || !c.Actor.Admin() {
		return nil, nil
	}
	return r.Passwords.Seal(ctx, id, password.Value)
}

// HistoryQuery is the parameters of a mailbox's history.
type HistoryQuery struct {
	Path
	httpapi.Listing
}

func (r Resource) history(ctx context.Context, c *httpapi.Call, in HistoryQuery) (httpapi.List[wire.HistoryEntry], error) {
	var none httpapi.List[wire.HistoryEntry]
	if err := mayConfigure(c); err != nil {
		return none, err
	}
	id, err := in.id()
	if err != nil {
		return none, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return none, err
	}
	slice, err := r.History.Mailbox(ctx, id, page)
	if err != nil {
		return none, err
	}
	return httpapi.ListOf(c, slice, wire.EntryOf)
}
