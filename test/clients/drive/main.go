//go:build generated

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"os"

	"helpdesk/test/clients/desk"
)

// main takes the address of the helpdesk and the password of its admin, root.
func main() {
	log.SetFlags(0)
	if err := drive(context.Background(), os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func drive(ctx context.Context, address, secret string) error {
	ada, id, err := openTicket(ctx, address)
	if err != nil {
		return err
	}
	root, err := signIn(ctx, address, "root", secret)
	if err != nil {
		return err
	}
	assignee := "root"
	assigned, err := root.AssignTicketWithResponse(ctx, id, nil, desk.TicketAssignment{AssignedTo: &assignee})
	if err != nil || assigned.JSON200 == nil {
		return fmt.Errorf("assign: %w %s", err, assigned.Body)
	}
	ticket, err := strictly[desk.Ticket](assigned.Body)
	if err != nil || ticket.AssignedTo == nil || ticket.AssignedTo.Username != assignee {
		return fmt.Errorf("assigned: %w %s", err, assigned.Body)
	}
	if err := comment(ctx, ada, id); err != nil {
		return err
	}
	reason := "New fuser."
	resolved, err := root.ResolveTicketWithResponse(ctx, id, nil, desk.TicketVerb{Reason: &reason})
	if err != nil || resolved.JSON200 == nil {
		return fmt.Errorf("resolve: %w %s", err, resolved.Body)
	}
	if ticket, err = strictly[desk.Ticket](resolved.Body); err != nil || ticket.Status != desk.TicketStatusResolved || ticket.ResolvedAt == nil {
		return fmt.Errorf("resolved: %w %s", err, resolved.Body)
	}
	return report(ctx, ada, root)
}

// openTicket registers somebody, who signs in and opens a ticket.
func openTicket(ctx context.Context, address string) (*desk.ClientWithResponses, string, error) {
	// README: begin
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, "", err
	}
	ada, err := desk.NewClientWithResponses(address, desk.WithHTTPClient(&http.Client{Jar: jar}))
	if err != nil {
		return nil, "", err
	}
	joined, err := ada.RegisterWithResponse(ctx, nil, desk.Registration{Username: "ada", Email: "ada@example.com", Password: "engine-no-42"})
	if err != nil || joined.JSON201 == nil {
		return nil, "", fmt.Errorf("register: %w %s", err, joined.Body)
	}
	signedIn, err := ada.LoginWithResponse(ctx, nil, desk.Credentials{Username: "ada", Password: "engine-no-42"})
	if err != nil || signedIn.JSON200 == nil {
		return nil, "", fmt.Errorf("sign in: %w %s", err, signedIn.Body)
	}
	opened, err := ada.OpenTicketWithResponse(ctx, nil, desk.TicketOpening{Title: "Printer smokes", Description: "Again."})
	if err != nil || opened.JSON201 == nil {
		return nil, "", fmt.Errorf("open: %w %s", err, opened.Body)
	}
	ticket, err := opened.JSON201.AsTicket()
	// README: end
	if err != nil {
		return nil, "", err
	}
	for _, body := range [][]byte{joined.Body, signedIn.Body} {
		if _, err := strictly[desk.User](body); err != nil {
			return nil, "", err
		}
	}
	_, err = strictly[desk.Ticket](opened.Body)
	return ada, ticket.Id.String(), err
}

func signIn(ctx context.Context, address, username, password string) (*desk.ClientWithResponses, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client, err := desk.NewClientWithResponses(address, desk.WithHTTPClient(&http.Client{Jar: jar}))
	if err != nil {
		return nil, err
	}
	signedIn, err := client.LoginWithResponse(ctx, nil, desk.Credentials{Username: username, Password: password})
	if err != nil || signedIn.JSON200 == nil {
		return nil, fmt.Errorf("sign in: %w %s", err, signedIn.Body)
	}
	_, err = strictly[desk.User](signedIn.Body)
	return client, err
}

func comment(ctx context.Context, c *desk.ClientWithResponses, ticket string) error {
	adding := desk.CommentAdding{Text: "It is the one on the third floor."}
	if err := adding.Ticket.FromCommentAddingTicket1(ticket); err != nil {
		return err
	}
	added, err := c.AddCommentWithResponse(ctx, nil, adding)
	if err != nil || added.JSON201 == nil {
		return fmt.Errorf("comment: %w %s", err, added.Body)
	}
	_, err = strictly[desk.Comment](added.Body)
	return err
}

// report reads what admins may, and what happens to whoever is none.
func report(ctx context.Context, ada, root *desk.ClientWithResponses) error {
	answer, err := root.ReportWithResponse(ctx, nil)
	if err != nil || answer.JSON200 == nil {
		return fmt.Errorf("report: %w %s", err, answer.Body)
	}
	counts, err := strictly[desk.Report](answer.Body)
	if err != nil || *counts.TicketsOpenedLast7Days != 1 || *counts.TicketsResolvedLast7Days != 1 || *counts.TicketsEscalatedLast7Days != 0 {
		return fmt.Errorf("report: %w %s", err, answer.Body)
	}
	refused, err := ada.ReportWithResponse(ctx, nil)
	if err != nil || refused.ApplicationproblemJSON403 == nil || refused.ApplicationproblemJSON403.Code != "forbidden" {
		return fmt.Errorf("a report for a user: %w %s", err, refused.Body)
	}
	_, err = strictly[desk.Problem](refused.Body)
	return err
}

// strictly decodes what has no member that T lacks.
func strictly[T any](body []byte) (v T, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err = dec.Decode(&v); err != nil {
		err = fmt.Errorf("%w in %s", err, body)
	}
	return v, err
}
