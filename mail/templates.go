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
}

// written is an email in words.
type written struct{ subject, text, html string }

// readTemplates reads the templates of every kind.
func readTemplates() (map[email.Kind]templatesOfKind, error) {
	byKind := map[email.Kind]templatesOfKind{}
	for _, kind := range []email.Kind{email.Escalated, email.Assigned, email.Commented, email.Resolved} {
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
	if c.publicURL != "" {
		v.Link, v.Account = c.publicURL+fmt.Sprintf(ticketPath, l.Ticket.Number), c.publicURL+accountPath
	}
	return v
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
