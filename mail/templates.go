package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"helpdesk/domain/email"
)

//go:embed templates
var templates embed.FS

// templatesOfKind is what the emails of one kind are written from. Each kind has a pair
// of files that fill in layout.txt and layout.html:
//
//	subject  the subject (layout.txt alone)
//	news     what happened; the email's text follows it
//	next     what the recipient may do now; may be left out
//	about    the ticket; left out, its members
//	why      why they get the email, and how to get no more
type templatesOfKind struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// view is what the templates see: the email with its texts made fit.
type view struct {
	Name, Actor         string
	Text                string
	Number              int64
	Title               string
	Priority            string
	Status              string
	Requester, Assignee string
	Link, Account       string // "" without a public URL
	ToAdmin             bool
	Told                []told // of a digest
	Left                []left // files that do not go with it
}

// left is a file that does not go with an email.
type left struct {
	Name    string
	Removed bool // else it is too large
}

// told is what a digest tells of a ticket.
type told struct {
	Number            int64
	Title, News, Link string
}

// written is an email in words.
type written struct{ subject, text, html string }

// readTemplates reads the templates of every kind.
func readTemplates() (map[email.Kind]templatesOfKind, error) {
	byKind := map[email.Kind]templatesOfKind{}
	for _, kind := range email.Kinds() {
		file := "templates/" + string(kind)
		text, err := texttemplate.ParseFS(templates, "templates/layout.txt", file+".txt")
		if err != nil {
			return nil, fmt.Errorf("read the template of emails: %w", err)
		}
		lines := htmltemplate.FuncMap{"lines": func(s string) []string { return strings.Split(s, "\n") }}
		html, err := htmltemplate.New("layout.html").Funcs(lines).ParseFS(templates, "templates/layout.html", file+".html")
		if err != nil {
			return nil, fmt.Errorf("read the template of emails: %w", err)
		}
		byKind[kind] = templatesOfKind{text: text, html: html}
	}
	return byKind, nil
}

// view makes what the templates of the email see.
func (c *Composer) view(l email.Content) view {
	v := view{
		Name:      line(l.To.Name, nameMax),
		Actor:     line(l.Actor, nameMax),
		Text:      text(l.Text),
		Number:    l.Ticket.Number,
		Title:     line(l.Ticket.Title, titleMax),
		Priority:  l.Ticket.Priority,
		Status:    l.Ticket.Status,
		Requester: line(l.Ticket.Requester, nameMax),
		Assignee:  line(l.Ticket.Assignee, nameMax),
		ToAdmin:   l.ToAdmin,
	}
	for _, f := range l.Files {
		if f.Left != "" {
			v.Left = append(v.Left, left{Name: line(f.Name, nameMax), Removed: f.Left == email.Destroyed})
		}
	}
	for _, t := range l.Told {
		news := make([]string, len(t.News))
		for i, kind := range t.News {
			news[i] = newsOf(kind)
		}
		v.Told = append(v.Told, told{Number: t.Ticket.Number, Title: line(t.Ticket.Title, titleMax), News: strings.Join(news, ", "), Link: c.link(t.Ticket.Number)})
	}
	if v.Link = c.link(l.Ticket.Number); v.Link != "" {
		v.Account = c.publicURL + accountPath
	}
	return v
}

// link returns the address of a ticket; "" without a public URL.
func (c *Composer) link(number int64) string {
	if c.publicURL == "" {
		return ""
	}
	return c.publicURL + fmt.Sprintf(ticketPath, number)
}

// newsOf returns what an email of a kind would have told, in a few words.
func newsOf(k email.Kind) string {
	switch k {
	case email.Escalated:
		return "it escalated"
	case email.Assigned:
		return "it was assigned to you"
	case email.Commented:
		return "a new comment"
	case email.Resolved:
		return "it was resolved"
	case email.Replied:
		return "a reply of the requester"
	case email.Reopened:
		return "it was reopened"
	case email.TakenBack:
		return "its assignee left"
	case email.Acknowledged:
		return "it came of your message"
	}
	return string(k)
}

// write fills in the templates.
func (s templatesOfKind) write(v view) (written, error) {
	var subject, text, html strings.Builder
	if err := s.text.ExecuteTemplate(&subject, "subject", v); err != nil {
		return written{}, err
	}
	if err := s.text.ExecuteTemplate(&text, "layout.txt", v); err != nil {
		return written{}, err
	}
	if err := s.html.ExecuteTemplate(&html, "layout.html", v); err != nil {
		return written{}, err
	}
	return written{subject: subject.String(), text: text.String(), html: html.String()}, nil
}
