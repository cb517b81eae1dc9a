package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lane is a subscriber's way along the log: that of the convoy, or of a follower
// apart from it.
type lane struct {
	name  string
	log   *slog.Logger
	pacer *pacer
	conn  atomic.Pointer[pgconn.PgConn] // the page's under way; nil: none is
}

func (l *lane) at() *lane { return l }

// open returns the page that a message stands for and the subscriber's transaction.
// done ends the work on it.
func (l *lane) open(msg *message.Message) (p page, tx pgx.Tx, done func(), err error) {
	if err := json.Unmarshal(msg.Payload, &p); err != nil {
		return p, nil, nil, fmt.Errorf("page of %s: %w", l.name, err)
	}
	outer, ok := sql.TxFromContext(msg.Context())
	if !ok {
		return p, nil, nil, errors.New("message without a transaction")
	}
	tx = outer.(*sql.PgxTx).Tx
	l.conn.Store(tx.Conn().PgConn())
	return p, tx, func() { l.conn.Store(nil) }, nil
}

// abort cuts the connection of the page under way, if any, so that it cannot be
// committed.
func (l *lane) abort() {
	if conn := l.conn.Load(); conn != nil {
		_ = conn.Conn().Close() // closed already: all the better
	}
}
