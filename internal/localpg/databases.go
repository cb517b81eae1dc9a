package localpg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// bootstrap makes roles and database where they are missing: an earlier first
// start may have been cut short at any point.
func (s *Server) bootstrap(ctx context.Context) error {
	conn, err := s.connect(ctx, SuperRole, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, role := range []struct{ name, make string }{
		{OwnerRole, "CREATE ROLE " + OwnerRole + " LOGIN CREATEROLE"},
		{ServiceRole, "CREATE ROLE " + ServiceRole + " LOGIN"},
	} {
		var exists bool
		const q = `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`
		if err := conn.QueryRow(ctx, q, role.name).Scan(&exists); err != nil {
			return fmt.Errorf("look for role %s: %w", role.name, err)
		}
		if exists {
			continue
		}
		if _, err := conn.Exec(ctx, role.make); err != nil {
			return fmt.Errorf("make role %s: %w", role.name, err)
		}
	}
	var exists bool
	const q = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, q, Database).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", Database, err)
	}
	if exists {
		return s.restrict(ctx, conn, Database)
	}
	if s.bin.Major < 15 {
		if err := s.closePublic(ctx); err != nil {
			return err
		}
	}
	if err := s.create(ctx, conn, Database, "template1"); err != nil {
		return err
	}
	return s.restrict(ctx, conn, Database)
}

// closePublic gives every later database the schema public as Postgres 15 has
// it: the database owner's, and not for everyone to make tables in.
func (e endpoint) closePublic(ctx context.Context) error {
	conn, err := e.connect(ctx, SuperRole, "template1")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, stmt := range []string{
		"ALTER SCHEMA public OWNER TO pg_database_owner",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
	} {
		if _, err := conn.Exec(ctx, stmt); err != nil {
			return fmt.Errorf("close schema public: %w", err)
		}
	}
	return nil
}

// CreateDatabase makes a database like the one the service works on: owned by
// OwnerRole, open to ServiceRole and nobody else. template is the database to
// copy, to which nobody may be connected; empty for none.
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	conn, err := s.connect(ctx, SuperRole, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if template == "" {
		template = "template1"
	}
	if err := s.create(ctx, conn, name, template); err != nil {
		return err
	}
	return s.restrict(ctx, conn, name)
}

// DropDatabase removes a database and cuts its sessions off; one that is not
// there is no error.
func (e endpoint) DropDatabase(ctx context.Context, name string) error {
	conn, err := e.connect(ctx, SuperRole, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (s *Server) create(ctx context.Context, conn *pgx.Conn, name, template string) error {
	stmt := "CREATE DATABASE " + quote(name) + " OWNER " + OwnerRole + " TEMPLATE " + quote(template)
	if s.cfg.Throwaway && s.bin.Major >= 15 {
		stmt += " STRATEGY file_copy" // quicker where the checkpoint it takes costs nothing
	}
	if _, err := conn.Exec(ctx, stmt); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// restrict sets who may connect, which a copy does not take over.
func (e endpoint) restrict(ctx context.Context, conn *pgx.Conn, name string) error {
	for _, stmt := range []string{
		"REVOKE ALL ON DATABASE " + quote(name) + " FROM PUBLIC",
		"GRANT CONNECT ON DATABASE " + quote(name) + " TO " + ServiceRole,
	} {
		if _, err := conn.Exec(ctx, stmt); err != nil {
			return fmt.Errorf("restrict database %s: %w", name, err)
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
