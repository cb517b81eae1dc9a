// Package keys gives tests the keys of people, under a master key that is no
// secret.
package keys

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/keyring"
)

// Master is the master key of every test.
const Master = "dGhpcyBtYXN0ZXIga2V5IGlzIG5vIHNlY3JldCBhdCA="

// Codec returns the codec of the service, with the keys in the database of pool,
// through connections of its own: see [eventstore.Keys].
func Codec(t testing.TB, pool *pgxpool.Pool) *eventstore.Codec {
	t.Helper()
	master, err := keyring.ParseMaster(Master)
	if err != nil {
		t.Fatal(err)
	}
	own, err := pgxpool.New(context.Background(), pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	ring, err := keyring.Open(context.Background(), own, master)
	if err != nil {
		t.Fatal(err)
	}
	return newCodec(ring)
}

// Plain returns the codec of the service without keys: nothing is sealed.
func Plain() *eventstore.Codec { return newCodec(nil) }

func newCodec(keys eventstore.Keys) *eventstore.Codec {
	return eventstore.NewCodec(keys, ticket.Events(), user.Events(), email.Events(), mailbox.Events(), message.Events(), access.Events())
}
