package projections

import "github.com/google/uuid"

// Page is which part of a list is wanted.
type Page struct {
	Size   int     // at least 1
	Cursor *Cursor // nil: from the beginning
	Count  bool    // whether to count the whole list too
}

// Back reports whether the page is read towards the beginning of the list.
func (p Page) Back() bool { return p.Cursor != nil && p.Cursor.Back }

// Cursor is a place between two rows of a list: after the row with this sort
// key and id, or before it when Back is set. It stays valid while rows come
// and go around it.
type Cursor struct {
	Key  string    `json:"k"` // the row's value in the column ordered by, as Postgres reads it
	ID   uuid.UUID `json:"i"`
	Back bool      `json:"b,omitempty"`
}

// Slice is one page of a list.
type Slice[T any] struct {
	Items    []T
	Next     *Cursor // nil: nothing follows
	Previous *Cursor // nil: nothing precedes
	Count    *int64  // nil: was not asked for
}

// Map turns a slice of rows into what is shown of them.
func Map[R, T any](s Slice[R], show func(R) T) Slice[T] {
	items := make([]T, len(s.Items))
	for i, row := range s.Items {
		items[i] = show(row)
	}
	return Slice[T]{Items: items, Next: s.Next, Previous: s.Previous, Count: s.Count}
}
