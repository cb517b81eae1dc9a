package eventstore

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// transient reports whether err is the database's or the network's trouble of
// the moment, which says nothing about what was being written.
func transient(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if repeatedAtOnce(err) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "40", "53", "57", "58": // connection, rollback, resources, operator, system
			return true
		}
		return pg.Code == "55P03" // lock_not_available
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) ||
		pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// repeatedAtOnce reports whether another process stored the same command id
// after the statement's snapshot: the next snapshot sees it.
func repeatedAtOnce(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == "commands_pkey"
}

// unreachable turns a passing trouble with the database into [ErrUnavailable],
// which the edges know how to answer, and leaves every other error as it is.
func unreachable(err error) error {
	if transient(err) && !errors.Is(err, context.Canceled) {
		return errors.Join(ErrUnavailable, err)
	}
	return err
}
