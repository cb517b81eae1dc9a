package web

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
)

// reply is an answer ready to be sent.
type reply struct {
	status int             // 0: 200
	title  string          // of the page
	body   templ.Component // of the page; nil: a redirect
	to     string          // where a redirect leads
	part   bool            // whether body is sent without what pages have around it
	sent   bool            // whether the handler has sent its answer itself
}

// show returns a page.
func show(title string, body templ.Component) reply { return reply{title: title, body: body} }

// fragment returns a part of a page, for the script.
func fragment(body templ.Component) reply { return reply{body: body, part: true} }

// redirect leads on after a write, or from one page to another.
func redirect(to string) reply { return reply{to: to} }

// with returns the page with the status of what is wrong with its form.
func (r reply) with(f *fault) reply {
	if f != nil {
		r.status = f.status
	}
	return r
}

func (s *Site) send(v *Visit, r reply) {
	if r.sent {
		return
	}
	w := v.g.Writer
	if r.body == nil {
		v.header.Set("Location", r.to)
		w.WriteHeader(http.StatusSeeOther)
		w.WriteHeaderNow()
		return
	}
	whole := r.body
	if !r.part {
		whole = layout(s.chrome(v, r.title), r.body)
	}
	var b bytes.Buffer // before a byte is sent: what fails becomes a page
	if err := whole.Render(v.ctx(), &b); err != nil {
		panic(err) // a template that cannot be written is a fault of ours
	}
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	v.header.Set("Content-Type", "text/html; charset=utf-8")
	v.header.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if v.Request.Method == http.MethodHead {
		w.WriteHeaderNow()
		return
	}
	_, _ = w.Write(b.Bytes()) // the client is gone: nobody to tell
}
