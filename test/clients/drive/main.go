//go:build generated

// Command drive opens a ticket and sees it through by the generated Go client.
// It is built by tests alone, with the tag generated and the client laid over
// package desk; README.md shows how it begins.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/http/cookiejar"
	"os"

	"helpdesk/test/clients/desk"
)

// main takes the address of the helpdesk and the password of its admin, root.
func main() {
	log.SetFlags(0)
	ctx := context.Background()
	alan, ticket := openTicket(ctx, os.Args[1])
	root := signIn(ctx, os.Args[1], desk.Credentials{Username: "root", Password: os.Args[2]})
	work(ctx, alan, root, ticket.Id.String())
	byNumber(ctx, alan, ticket)
	report(ctx, alan, root)
	readLog(ctx, root, ticket)
}

// openTicket registers somebody, who signs in and opens a ticket.
func openTicket(ctx context.Context, address string) (*desk.ClientWithResponses, desk.TicketWithFiles) {
	// README: begin
	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	alan, err := desk.NewClientWithResponses(address, desk.WithHTTPClient(&http.Client{Jar: jar}))
	if err != nil {
		log.Fatal(err)
	}
	joined := must(alan.RegisterWithResponse(ctx, nil, desk.Registration{Username: "alan", Email: "alan@example.com", Password: "engine-no-42"}))
	signedIn := must(alan.LoginWithResponse(ctx, nil, desk.Credentials{Username: "alan", Password: "engine-no-42"}))
	opened := must(alan.OpenTicketWithResponse(ctx, nil, desk.TicketOpening{Title: "Printer smokes", Description: "Again."}))
	// README: end
	ticket := *opened.JSON201
	if me := strictly[desk.User](joined.Body); me.Username != strictly[desk.User](signedIn.Body).Username {
		log.Fatalf("registered %s, signed in %s", joined.Body, signedIn.Body)
	}
	if strictly[desk.TicketWithFiles](opened.Body).Id != ticket.Id {
		log.Fatalf("another ticket: %s", opened.Body)
	}
	return alan, ticket
}

// answer is what every answer of the generated client is.
type answer interface {
	StatusCode() int
	GetBody() []byte
}

// must ends the program where there is no answer, or a refusal.
func must[A answer](a A, err error) A {
	if err != nil {
		log.Fatal(err)
	}
	if a.StatusCode() > 299 {
		log.Fatalf("%d %s", a.StatusCode(), a.GetBody())
	}
	return a
}

func signIn(ctx context.Context, address string, as desk.Credentials) *desk.ClientWithResponses {
	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := desk.NewClientWithResponses(address, desk.WithHTTPClient(&http.Client{Jar: jar}))
	if err != nil {
		log.Fatal(err)
	}
	strictly[desk.User](must(client.LoginWithResponse(ctx, nil, as)).Body)
	return client
}

// work assigns, comments on and resolves the ticket.
func work(ctx context.Context, alan, root *desk.ClientWithResponses, id string) {
	assignee, reason := "root", "New fuser."
	var name desk.TicketName
	if err := name.FromTicketName1(id); err != nil {
		log.Fatal(err)
	}
	assigned := must(root.AssignTicketWithResponse(ctx, name, nil, desk.TicketAssignment{AssignedTo: &assignee}))
	if to := strictly[desk.TicketWithFiles](assigned.Body).AssignedTo; to == nil || to.Username != assignee {
		log.Fatalf("not assigned: %s", assigned.Body)
	}
	adding := desk.CommentAdding{Text: "It is the one on the third floor."}
	if err := adding.Ticket.FromCommentAddingTicket1(id); err != nil {
		log.Fatal(err)
	}
	added := must(alan.AddCommentWithResponse(ctx, nil, adding))
	if strictly[desk.Comment](added.Body).Ticket.String() != id {
		log.Fatalf("another ticket's comment: %s", added.Body)
	}
	resolved := must(root.ResolveTicketWithResponse(ctx, name, nil, desk.TicketVerb{Reason: &reason}))
	if t := strictly[desk.TicketWithFiles](resolved.Body); t.Status != desk.TicketStatusResolved || t.ResolvedAt == nil {
		log.Fatalf("not resolved: %s", resolved.Body)
	}
}

// byNumber reads the ticket and its comments by its number.
func byNumber(ctx context.Context, alan *desk.ClientWithResponses, ticket desk.TicketWithFiles) {
	var name desk.TicketName
	if err := name.FromTicketName0(int(ticket.Number)); err != nil {
		log.Fatal(err)
	}
	read := must(alan.GetTicketWithResponse(ctx, name, nil))
	if read.JSON200.Id != ticket.Id {
		log.Fatalf("ticket %d: %s", ticket.Number, read.Body)
	}
	comments := must(alan.ListCommentsWithResponse(ctx, &desk.ListCommentsParams{Ticket: &name}))
	if len(comments.JSON200.Results) != 1 {
		log.Fatalf("comments on ticket %d: %s", ticket.Number, comments.Body)
	}
	bom := true
	file := must(alan.ExportTicketsWithResponse(ctx, &desk.ExportTicketsParams{Bom: &bom}))
	if !bytes.HasPrefix(file.Body, []byte("\ufeffid,number,")) {
		log.Fatalf("exported: %q", file.Body)
	}
}

// readLog reads of the ticket in the log, whose events say by their type what their data are.
func readLog(ctx context.Context, root *desk.ClientWithResponses, ticket desk.TicketWithFiles) {
	page := must(root.ListEventsWithResponse(ctx, &desk.ListEventsParams{Type: &[]string{"ticket.opened"}}))
	for _, e := range page.JSON200.Events {
		value, err := e.ValueByDiscriminator()
		if err != nil {
			log.Fatal(err)
		}
		if opened, ok := value.(desk.TicketOpenedEvent); !ok || opened.Data.Title != ticket.Title || e.StreamId != ticket.Id {
			log.Fatalf("event %d: %+v", e.Position, value)
		}
	}
	if len(page.JSON200.Events) != 1 {
		log.Fatalf("events: %s", page.Body)
	}
}

// report reads what admins may, and what happens to whoever is none.
func report(ctx context.Context, alan, root *desk.ClientWithResponses) {
	counted := must(root.ReportWithResponse(ctx, nil))
	counts := strictly[desk.Report](counted.Body)
	if *counts.TicketsOpenedLast7Days != 1 || *counts.TicketsResolvedLast7Days != 1 || *counts.TicketsEscalatedLast7Days != 0 {
		log.Fatalf("report: %s", counted.Body)
	}
	refused, err := alan.ReportWithResponse(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	if refused.ApplicationproblemJSON403 == nil || strictly[desk.Problem](refused.Body).Code != "forbidden" {
		log.Fatalf("a report for a user: %d %s", refused.StatusCode(), refused.Body)
	}
}

// strictly decodes what has no member that T lacks.
func strictly[T any](body []byte) (v T) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		log.Fatalf("%v in %s", err, body)
	}
	return v
}
