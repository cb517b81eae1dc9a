package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strconv"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

// TicketPath is the path of calls on one ticket.
type TicketPath struct {
	Ticket string `path:"id" json:"-" description:"The ticket's id or number."`
}

// CommentPath is the path of calls on one comment.
type CommentPath struct {
	Comment string `path:"id" json:"-" description:"The comment's id."`
}

// UserPath is the path of calls on one user.
type UserPath struct {
	User string `path:"id" json:"-" description:"The user's id or username."`
}

// TicketName names a ticket within a body: its id, or its number as a JSON
// number or a string.
type TicketName string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *TicketName) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(n))
	}
	number, ok := new(big.Rat).SetString(string(data)) // 1.0 is an integer in JSON Schema
	if !ok || !number.IsInt() {
		return errors.New("neither a whole number nor a string")
	}
	*n = TicketName(number.Num().String())
	return nil
}

var ticketNumber = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// parseTicket reads a ticket's id or number, and answers [domain.ErrNotFound]
// for what is neither: no such ticket can exist.
func parseTicket(name string) (projections.TicketRef, error) {
	if ticketNumber.MatchString(name) {
		number, err := strconv.ParseInt(name, 10, 64)
		return projections.TicketRef{Number: number}, err
	}
	id, err := parseUUID(name)
	return projections.TicketRef{ID: ticket.ID{UUID: id}}, err
}

// parseUUID reads the form with hyphens alone: uuid.Parse takes others too.
func parseUUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 || id == uuid.Nil {
		return uuid.Nil, domain.ErrNotFound
	}
	return id, nil
}

// ticketNamed returns the id of the ticket with that id or number. Whether it
// exists and who may see it is for the command to decide.
func (a *API) ticketNamed(ctx context.Context, name string) (ticket.ID, error) {
	ref, err := parseTicket(name)
	if err != nil || ref.Number == 0 {
		return ref.ID, err
	}
	return a.Read.TicketID(ctx, ref)
}

// person returns the account a body or filter names. known is false when there
// is none; the account is then one that nobody has, so that the rules can
// refuse it as they would refuse a real one.
func (a *API) person(ctx context.Context, name string) (account user.Account, known bool, err error) {
	account, err = a.Accounts.Find(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return user.Account{ID: user.ID{UUID: uuid.New()}}, false, nil
	}
	return account, err == nil, err
}
