package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
)

// Reply is an answer ready to be sent. Handlers make it with [Show], [Fragment] or
// [Redirect].
type Reply struct {
	status int             // 0: 200
	title  string          // of the page
	body   templ.Component // of the page; nil: a redirect
	to     string          // where a redirect leads
	part   bool            // whether body is sent without what pages have around it
	sent   bool            // whether the handler has sent its answer itself
}

// Show makes the reply of a page.
func Show(title string, body templ.Component) Reply { return Reply{title: title, body: body} }

// Fragment makes the reply of a part of a page, for the script.
func Fragment(body templ.Component) Reply { return Reply{body: body, part: true} }

// Redirect makes the reply that leads on after a write, or from one page to
// another.
func Redirect(to string) Reply { return Reply{to: to} }

// IsPage reports whether the reply is a page, or a part of one, and no redirect.
func (r Reply) IsPage() bool { return r.body != nil }

// With returns the page with the status of what is wrong with its form.
func (r Reply) With(f *Fault) Reply {
	if f != nil {
		r.status = f.Status
	}
	return r
}

func (s *Site) send(v *Visit, r Reply) {
	if r.sent {
		return
	}
	w := v.g.Writer
	if r.body == nil {
		v.Header().Set("Location", r.to)
		w.WriteHeader(http.StatusSeeOther)
		w.WriteHeaderNow()
		return
	}
	whole := r.body
	if !r.part {
		whole = layout(s.chrome(v, r.title), r.body)
	}
	var b bytes.Buffer // before a byte is sent: what fails becomes a page
	// Also where the visit has taken its time, or its visitor has gone.
	if err := whole.Render(context.WithoutCancel(v.whole), &b); err != nil {
		panic(err) // a template that cannot be written is a fault of ours
	}
	v.turn.Answered(b.Len())
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if v.Request.Method == http.MethodHead {
		w.WriteHeaderNow()
		return
	}
	_, _ = w.Write(b.Bytes()) // the client is gone: nobody to tell
}
