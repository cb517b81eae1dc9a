package attachments

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/projections"
)

// Loose returns a page of the uploads of somebody that are attached to nothing yet, newest
// first.
func (f *Files) Loose(ctx context.Context, by domain.UserID, p projections.Page) (projections.Slice[Upload], error) {
	return f.page(ctx, by, p, "u.attached_to IS NULL")
}

// All goes through all that somebody uploaded and that can be read, newest first.
func (f *Files) All(ctx context.Context, by domain.UserID) iter.Seq2[Upload, error] {
	const size = 100
	return func(yield func(Upload, error) bool) {
		for p := (projections.Page{Size: size}); ; {
			page, err := f.page(ctx, by, p)
			if err != nil {
				yield(Upload{}, err)
				return
			}
			for _, u := range page.Items {
				if !yield(u, nil) {
					return
				}
			}
			if p.Cursor = page.Next; p.Cursor == nil {
				return
			}
		}
	}
}

// page returns a page of the uploads of somebody for which a condition holds.
func (f *Files) page(ctx context.Context, by domain.UserID, p projections.Page, which ...string) (projections.Slice[Upload], error) {
	l := projections.List[sealedUpload]{
		From: "uploads AS u", Key: "u.created_at", Cast: "timestamptz", ID: "u.id", Desc: true, Columns: columns,
		At: func(s sealedUpload) (string, uuid.UUID) { return projections.TimeKey(s.CreatedAt), s.ID },
	}
	l.Where.Add("u.uploaded_by = ?", by)
	l.Where.Add("u.doomed_at IS NULL")
	for _, condition := range which {
		l.Where.Add(condition)
	}
	page, err := l.Page(ctx, f.pool, p)
	if err != nil {
		return projections.Slice[Upload]{}, err
	}
	opened, err := f.opened(ctx, page.Items)
	return projections.Slice[Upload]{Items: opened, Next: page.Next, Previous: page.Previous, Count: page.Count}, err
}
