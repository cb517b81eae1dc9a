// Command floor is the least that a service on Postgres does: gin, pgx, one table, a
// row written or read by its key with every request. make bench-http holds the figures
// of the helpdesk against its.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	database := flag.String("database", "", "URL of the database to use")
	conns := flag.Int("conns", 20, "most database connections, as many as the helpdesk has for requests") // HELPDESK_DATABASE_CONNS
	fill := flag.Int("fill", 0, "rows to begin with")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *database, *conns, *fill); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, database string, conns, fill int) error {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return err
	}
	config.MaxConns = int32(conns)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, schema); err != nil {
		return fmt.Errorf("make the table: %w", err)
	}
	if _, err := pool.Exec(ctx, rows, fill); err != nil {
		return fmt.Errorf("fill the table: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(pool), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	fmt.Printf("The floor is at http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

const (
	schema = `
CREATE TABLE IF NOT EXISTS tickets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title       text NOT NULL,
    description text NOT NULL,
    priority    text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
)`
	rows = `
INSERT INTO tickets (title, description, priority)
SELECT 'Printer ' || n, 'It stops after the first page and shows an error.', 'low'
FROM generate_series(1, $1::integer) AS n`
	insert = `
INSERT INTO tickets (title, description, priority)
VALUES ($1, $2, $3)
RETURNING id, created_at`
	byID = `
SELECT
    id,
    title,
    description,
    priority,
    created_at
FROM tickets
WHERE id = $1`
)

type ticket struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Priority    string    `json:"priority"`
	CreatedAt   time.Time `json:"created_at"`
}

func handler(pool *pgxpool.Pool) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/tickets", func(c *gin.Context) {
		var t ticket
		if err := c.ShouldBindJSON(&t); err != nil {
			c.String(http.StatusBadRequest, err.Error())
			return
		}
		if err := pool.QueryRow(c, insert, t.Title, t.Description, t.Priority).Scan(&t.ID, &t.CreatedAt); err != nil {
			c.String(http.StatusInternalServerError, err.Error())
			return
		}
		c.JSON(http.StatusCreated, t)
	})
	engine.GET("/tickets/:id", func(c *gin.Context) {
		id, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			c.String(http.StatusBadRequest, err.Error())
			return
		}
		var t ticket
		err = pool.QueryRow(c, byID, id).Scan(&t.ID, &t.Title, &t.Description, &t.Priority, &t.CreatedAt)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			c.String(http.StatusNotFound, "no such ticket")
		case err != nil:
			c.String(http.StatusInternalServerError, err.Error())
		default:
			c.JSON(http.StatusOK, t)
		}
	})
	// A backend reports what it did when it ends, and else up to ten seconds later.
	engine.POST("/reset", func(c *gin.Context) {
		pool.Reset()
		c.Status(http.StatusNoContent)
	})
	return engine
}
