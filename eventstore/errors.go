package eventstore

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"helpdesk/domain"
)

// Transient reports whether err is the database's or the network's trouble of
// the moment, which says nothing about what was being written or applied.
func Transient(err error) bool {
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
		return sure[pg.Code] != nil
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

// ErrUnreachable: the database can't be reached at the moment. Nothing was
// written by what returns it.
var ErrUnreachable = &domain.Error{
	Kind: domain.KindUnavailable, Code: "database_unavailable",
	Message: "the database cannot be reached at the moment",
}

// ErrDiskFull: the disk of the database is full. Nothing was written.
var ErrDiskFull = &domain.Error{
	Kind: domain.KindUnavailable, Code: "disk_full",
	Message: "the disk of the database is full: nothing was changed, and nothing can be until there is room",
}

// ErrLocked: another session of the database holds a lock on what every append takes.
// Nothing was written.
var ErrLocked = &domain.Error{
	Kind: domain.KindUnavailable, Code: "log_locked",
	Message: "another session of the database holds a lock on the log: nothing was changed, and nothing can be until it lets go",
}

// ErrTableLocked: another session of the database holds a lock on a table, or on rows of
// it. Nothing was written.
var ErrTableLocked = &domain.Error{
	Kind: domain.KindUnavailable, Code: "table_locked",
	Message: "another session of the database holds a lock on what this needs: nothing was changed; try again once it has let go",
}

// ErrReadOnly: the database takes no writes. Nothing was written.
var ErrReadOnly = &domain.Error{
	Kind: domain.KindUnavailable, Code: "read_only",
	Message: "the database takes no writes at the moment: nothing was changed",
}

// sure are the refusals of the server after which nothing was written, whatever is
// tried again, by its codes.
var sure = map[string]*domain.Error{
	"53100": ErrDiskFull,    // disk_full
	"55P03": ErrTableLocked, // lock_not_available
	"25006": ErrReadOnly,    // read_only_sql_transaction
}

// Refused returns which of [ErrDiskFull], [ErrTableLocked] and [ErrReadOnly] the server's
// refusal in err is, nil where it is none of them.
func Refused(err error) *domain.Error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return sure[pg.Code]
	}
	return nil
}

// Unreachable turns a passing trouble with the database into
// [ErrUnreachable], which the edges know how to answer, and leaves every other
// error as it is. It is for reads, and for writes that were undone.
func Unreachable(err error) error { return passing(ErrUnreachable, err) }

// uncertain is [Unreachable] for an append, of which nobody knows whether it
// was written.
func uncertain(err error) error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return err
	case Refused(err) == ErrTableLocked:
		return errors.Join(ErrLocked, err)
	}
	return passing(ErrUnavailable, err)
}

func passing(as *domain.Error, err error) error {
	if refusal := Refused(err); refusal != nil {
		return errors.Join(refusal, err)
	}
	if Transient(err) && !errors.Is(err, context.Canceled) {
		return errors.Join(as, err)
	}
	return err
}
