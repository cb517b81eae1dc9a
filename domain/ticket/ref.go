package ticket

import (
	"regexp"
	"strconv"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Ref names a ticket by its id or, when that is zero, by its number.
type Ref struct {
	ID     ID
	Number int64
}

var number = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// ParseRef reads a ticket's number, or its id in the form with hyphens. It returns
// [domain.ErrNotFound] for what is neither: no such ticket can exist.
func ParseRef(name string) (Ref, error) {
	if number.MatchString(name) {
		n, err := strconv.ParseInt(name, 10, 64)
		return Ref{Number: n}, err
	}
	id, err := uuid.Parse(name)
	if err != nil || len(name) != 36 || id == uuid.Nil {
		return Ref{}, domain.ErrNotFound
	}
	return Ref{ID: ID{UUID: id}}, nil
}
