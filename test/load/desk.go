package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"
)

// People are usernames of a desk who share a password.
type People struct{ User, Agent, Admin, Password string }

// Desk is a program with people who are signed in, and tickets to work on.
type Desk struct {
	Address string // host:port

	user, agent, admin string  // cookies
	old                []int64 // numbers of tickets that were there
	fresh              []int64 // of those that Open has opened, for writes
	head               int64   // of the log, when it was opened
}

const (
	oldTickets = 256 // that Open looks for
	atOnce     = 16
)

// Open signs people in to a program that has so many tickets, and opens fresh ones for
// the works that change tickets: more than there will be connections, so that no two
// meet at one.
func Open(ctx context.Context, address string, p People, tickets, fresh int) (*Desk, error) {
	d := &Desk{Address: address}
	for username, cookie := range map[string]*string{p.User: &d.user, p.Agent: &d.agent, p.Admin: &d.admin} {
		var err error
		if *cookie, err = d.signIn(ctx, username, p.Password); err != nil {
			return nil, err
		}
	}
	if err := d.find(ctx, tickets); err != nil {
		return nil, err
	}
	d.fresh = make([]int64, fresh)
	err := d.share(ctx, len(d.fresh), func(c *Conn, i int) error {
		var opened struct{ Number int64 }
		err := ask(c, d.create(i), &opened)
		d.fresh[i] = opened.Number
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(d.old) == 0 {
		d.old = d.fresh
	}
	c, err := Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var page struct{ Head int64 }
	err = ask(c, New(http.MethodGet, "/api/events/?limit=1", d.admin, ""), &page)
	d.head = page.Head
	return d, err
}

func (d *Desk) signIn(ctx context.Context, username, password string) (cookie string, err error) {
	c, err := Dial(ctx, d.Address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	body, err := json.Marshal(map[string]string{"username": username, "password": password})
	if err != nil {
		return "", err
	}
	answer, err := c.Ask(New(http.MethodPost, "/api/login/", "", string(body)), nil)
	if err != nil {
		return "", err
	}
	var pairs []string
	for _, cookie := range answer.Cookies() {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; "), nil
}

// find looks for tickets all over the numbers there are; a few were deleted.
func (d *Desk) find(ctx context.Context, tickets int) error {
	if tickets == 0 {
		return nil
	}
	d.old = make([]int64, oldTickets)
	return d.share(ctx, len(d.old), func(c *Conn, i int) error {
		d.old[i] = 1 + int64(i)*int64(tickets)/int64(len(d.old))
		_, err := c.Ask(d.ticket(i), nil)
		for refused := (*Refused)(nil); errors.As(err, &refused) && refused.Status == http.StatusNotFound; {
			d.old[i] = 1 + d.old[i]%int64(tickets)
			_, err = c.Ask(d.ticket(i), nil)
		}
		return err
	})
}

// share divides n pieces of work among some connections.
func (d *Desk) share(ctx context.Context, n int, do func(c *Conn, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for first := range min(n, atOnce) {
		group.Go(func() error {
			c, err := Dial(ctx, d.Address)
			if err != nil {
				return err
			}
			defer c.Close()
			for i := first; i < n && err == nil; i += atOnce {
				err = do(c, i)
			}
			return err
		})
	}
	return group.Wait()
}

// ask reads an answer's JSON into v.
func ask(c *Conn, r Request, v any) error {
	var body bytes.Buffer
	if _, err := c.Ask(r, &body); err != nil {
		return err
	}
	return json.Unmarshal(body.Bytes(), v)
}
