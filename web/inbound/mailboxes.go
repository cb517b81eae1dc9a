package inbound

import (
	"cmp"
	"strconv"

	"helpdesk/commands"
	"helpdesk/domain/mailbox"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/web"

	"github.com/google/uuid"
)

// mailboxesMost is how many mailboxes the page shows: a desk has a few.
const mailboxesMost = 100

// form is a mailbox as a form has it.
type form struct {
	Name, Address, Priority, Strangers, ReopenDays string
	Acknowledge                                    bool
}

// formOf returns what was entered into a form.
func formOf(v *web.Visit) form {
	f := v.Form
	return form{f.Text("name"), f.Text("address"), f.Text("priority"), f.Text("strangers"), f.Text("reopen_days"), f.Text("acknowledge") != ""}
}

// settings returns what a form asks for.
func (f form) settings() (s mailbox.Settings, err error) {
	days, err := strconv.Atoi(f.ReopenDays)
	if err != nil {
		return s, mailbox.ErrReopenDays
	}
	return mailbox.Settings{
		Name: f.Name, Address: f.Address, DefaultPriority: f.Priority, Strangers: mailbox.Strangers(f.Strangers), ReopenDays: days,
		NoAcknowledgement: !f.Acknowledge,
	}, nil
}

// mailboxesView is the mailboxes, and the form that adds one.
type mailboxesView struct {
	Mailboxes []view.Mailbox
	Form      form
	Command   string
	Fault     *web.Fault
}

func (s *Section) showMailboxes(v *web.Visit) (web.Reply, error) {
	return s.mailboxes(v, form{
		Priority: mailbox.DefaultPriority, Strangers: string(mailbox.DefaultStrangers), ReopenDays: strconv.Itoa(mailbox.DefaultReopenDays),
		Acknowledge: true,
	}, nil)
}

func (s *Section) mailboxes(v *web.Visit, entered form, wrong *web.Fault) (web.Reply, error) {
	slice, err := s.Read.Mailboxes(v.Context(), nil, projections.Page{Size: mailboxesMost})
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show("Mailboxes", mailboxesPageOf(mailboxesView{
		Mailboxes: slice.Items, Form: entered, Command: web.NewCommand(), Fault: wrong,
	})).With(wrong), nil
}

func (s *Section) add(v *web.Visit) (web.Reply, error) {
	entered := formOf(v)
	settings, err := entered.settings()
	if err == nil {
		id := mailbox.ID{UUID: uuid.Must(uuid.NewV7())}
		_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
			return s.App.Mailboxes.Do(v.Context(), r, id, mailbox.Add{By: mailbox.By{Actor: v.Actor}, Settings: settings})
		})
	}
	if f := web.FaultOf(err); f != nil {
		return s.mailboxes(v, entered, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("Mailbox added.")
	return web.Redirect(mailboxesPath), nil
}

// fetching is where messages are fetched from, as a form has it. A password is not shown.
type fetching struct{ URL, After string }

// fetchingOf returns where the messages of a mailbox are fetched from.
func fetchingOf(m view.Mailbox) fetching {
	if m.IMAPURL == nil || m.IMAPAfter == nil {
		return fetching{After: mailbox.AfterSeen}
	}
	return fetching{*m.IMAPURL, *m.IMAPAfter}
}

// mailboxView is the page of a mailbox.
type mailboxView struct {
	view.Mailbox
	Form    form
	Fetched fetching
	Command string
	Fault   *web.Fault
}

func (s *Section) showMailbox(v *web.Visit) (web.Reply, error) {
	return s.mailbox(v, form{}, fetching{}, nil)
}

// mailbox returns the page of the mailbox that the path names; zero forms: as it is.
func (s *Section) mailbox(v *web.Visit, entered form, fetched fetching, wrong *web.Fault) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	m, err := s.Read.Mailbox(v.Context(), mailbox.ID{UUID: id})
	if err != nil {
		return web.Reply{}, err
	}
	entered = cmp.Or(entered, form{m.Name, m.Address, m.DefaultPriority, string(m.Strangers), strconv.Itoa(m.ReopenDays), m.Acknowledge})
	return web.Show(m.Name, mailboxPageOf(mailboxView{
		Mailbox: m, Form: entered, Fetched: cmp.Or(fetched, fetchingOf(m)), Command: web.NewCommand(), Fault: wrong,
	})).With(wrong), nil
}

func (s *Section) change(v *web.Visit) (web.Reply, error) {
	entered := formOf(v)
	c, err := entered.settings()
	if err != nil {
		return s.mailbox(v, entered, fetching{}, web.FaultOf(err))
	}
	return s.edit(v, entered, fetching{}, "Mailbox saved.", mailbox.Edit{
		Name: &c.Name, Address: &c.Address, DefaultPriority: &c.DefaultPriority, Strangers: &c.Strangers, ReopenDays: &c.ReopenDays,
		Acknowledge: &entered.Acknowledge,
	})
}

func (s *Section) changeActivity(v *web.Visit) (web.Reply, error) {
	active := v.Form.Text("to") == "active"
	done := "Mailbox archived."
	if active {
		done = "Mailbox in use again."
	}
	return s.edit(v, form{}, fetching{}, done, mailbox.Edit{Active: &active})
}

// changeIMAP sets where messages are fetched from; without a URL nowhere.
func (s *Section) changeIMAP(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	entered := fetching{v.Form.Text("imap/url"), v.Form.Text("imap/after")}
	c, done := mailbox.Edit{IMAP: &mailbox.IMAP{}}, "Nothing is fetched."
	if entered.URL != "" {
		c.IMAP, done = &mailbox.IMAP{URL: entered.URL, After: entered.After}, "Messages are fetched."
		if password := v.Form.Get("password"); password != "" {
			if c.Password, err = s.Passwords.Seal(v.Context(), mailbox.ID{UUID: id}, password); err != nil {
				return web.Reply{}, err
			}
		}
	}
	return s.edit(v, form{}, entered, done, c)
}

// check looks at the folder that messages are fetched from, and tells what it found.
func (s *Section) check(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	messages, err := s.Check(v.Context(), mailbox.ID{UUID: id})
	if err != nil {
		v.Tell("The connection fails: " + err.Error())
	} else {
		v.Tell("The connection works. Messages in the folder: " + strconv.FormatUint(uint64(messages), 10) + ".")
	}
	return web.Redirect(mailboxesPath + id.String() + "/"), nil
}

func (s *Section) edit(v *web.Visit, entered form, fetched fetching, done string, c mailbox.Edit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	c.By = mailbox.By{Actor: v.Actor}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.App.Mailboxes.Do(v.Context(), r, mailbox.ID{UUID: id}, c)
	})
	if f := web.FaultOf(err); f != nil {
		return s.mailbox(v, entered, fetched, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	return web.Redirect(mailboxesPath + id.String() + "/"), nil
}

// strangersWord returns what becomes of messages of strangers.
func strangersWord(s mailbox.Strangers) string {
	switch s {
	case mailbox.Accept:
		return "are let in, and become contacts"
	case mailbox.Quarantine:
		return "wait for an admin"
	case mailbox.Refuse:
		return "are refused"
	}
	return string(s)
}
