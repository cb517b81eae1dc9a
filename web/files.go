package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/a-h/templ"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/projections/view"
)

// Fields of forms that files come with: those that are chosen, and those that were brought
// before, by their ids.
const (
	filesField    = "files"
	attachedField = "attachments"
)

// TakesFiles returns the form as one that files may come with. Those who send it are then
// given what they brought in the visit's Files.
func (p Page) TakesFiles() Page {
	p.files = true
	return p
}

// FormFiles are the files that come with the form of a visit.
type FormFiles struct {
	visit *Visit
	taken bool          // whether they are taken in
	fault *domain.Error // what is wrong with one of them
	left  []string      // what those are called that were not taken in
}

// boundary returns what parts a form that is in parts.
func (f *FormFiles) boundary() (boundary string, ok bool) {
	kind, params, err := mime.ParseMediaType(f.visit.Request.Header.Get("Content-Type"))
	return params["boundary"], err == nil && kind == "multipart/form-data"
}

// readForm reads a form in parts. Files are taken in where the page takes them, and their
// ids added to those of before; what is wrong with one of them is for Uploads to tell, when
// all else is read.
func (f *FormFiles) readForm(boundary string, most bounds) error {
	v := f.visit
	form := multipart.NewReader(edge.Upload(v.g.Writer, v.Request), boundary)
	v.Form = Form{map[string][]string{}}
	room, size := max(most.bytes, most.shown), int64(0) // for texts
	for range most.fields {
		p, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF) && size > most.bytes:
			return formTooLarge(most.bytes, false)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return ErrForm
		case p.FormName() == filesField && p.FileName() != "" && f.taken:
			err = f.take(p)
		case p.FormName() == filesField && p.FileName() != "":
			f.left = append(f.left, ticket.Filename(edge.FileName(p.Header.Get("Content-Disposition"))))
		case p.FormName() != filesField:
			var text []byte
			if text, err = io.ReadAll(io.LimitReader(p, room-size+1)); err != nil {
				return ErrForm
			}
			v.Form.Add(p.FormName(), strings.ToValidUTF8(string(text), ""))
			if size += int64(len(text)); size > room {
				return formTooLarge(most.bytes, most.shown > 0)
			}
		}
		if err != nil {
			return err
		}
	}
	return ErrForm
}

// take takes a file in.
func (f *FormFiles) take(p *multipart.Part) error {
	v := f.visit
	if len(v.Form.Values[attachedField]) >= ticket.AttachmentsMax {
		f.fault = ticket.ErrAttachments
		return nil
	}
	kind, _, _ := strings.Cut(p.Header.Get("Content-Type"), ";")
	name := edge.FileName(p.Header.Get("Content-Disposition"))
	a, err := v.site.App.Bring(v.whole, v.Cause(), v.Actor, name, kind, p)
	if rule, ok := errors.AsType[*domain.Error](err); ok && rule.Kind != domain.KindUnavailable {
		f.fault = rule.With("the file %s: %s", name, rule.Message)
		return nil
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrForm
	}
	if rule, ok := errors.AsType[*domain.Error](err); ok {
		v.site.Log.Warn("a file was not taken", "request_id", v.ID, "code", rule.Code, "error", err)
	}
	if err == nil {
		v.Form.Add(attachedField, a.ID.String())
	}
	return err
}

// Uploads returns the files that came with the form, now or when it was sent before.
func (f *FormFiles) Uploads() ([]ticket.Attachment, error) {
	v := f.visit
	if f.fault != nil {
		return nil, f.fault.On(filesField)
	}
	all, err := v.site.App.Uploads(v.Context(), v.Actor, v.Form.Values[attachedField])
	if rule, ok := errors.AsType[*domain.Error](err); ok {
		err = rule.On(filesField)
	}
	return all, err
}

// Kept returns those files of a refused form that are still to be had.
func (f *FormFiles) Kept() (files []ticket.Attachment) {
	v := f.visit
	for _, name := range v.Form.Values[attachedField] {
		if found, err := v.site.App.Uploads(v.Context(), v.Actor, []string{name}); err == nil {
			files = append(files, found...)
		}
	}
	return files
}

// FileSize returns a size as people read it.
func FileSize(bytes int64) string {
	const kilo = 1024
	switch {
	case bytes < kilo:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < kilo*kilo:
		return fmt.Sprintf("%.0f kB", float64(bytes)/kilo)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/kilo/kilo)
}

// contentOf is where the bytes of a file are.
func contentOf(a view.Attachment) string { return "/api/attachments/" + a.ID.String() + "/content/" }

// shownOf is where a file is to be shown rather than kept.
func shownOf(a view.Attachment) templ.SafeURL { return templ.SafeURL(contentOf(a) + "?inline=true") }

// smallOf is where a small image of an image is, the image itself where there is none.
func smallOf(a view.Attachment) string {
	if view.HasThumbnail(a.ContentType) {
		return "/api/attachments/" + a.ID.String() + "/thumbnail/"
	}
	return string(shownOf(a))
}

// isImage, isPDF and isPlainText report whether a file is shown in a preview as what it is, in a
// preview by the browser's own viewer, and on a page of its own.
func isImage(a view.Attachment) bool {
	return view.HasThumbnail(a.ContentType) || a.ContentType == "image/avif"
}
func isPDF(a view.Attachment) bool       { return a.ContentType == "application/pdf" }
func isPlainText(a view.Attachment) bool { return strings.HasPrefix(a.ContentType, "text/plain") }
