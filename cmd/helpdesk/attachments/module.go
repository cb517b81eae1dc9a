// Package attachments has the files of tickets and comments.
package attachments

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/attachments"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/edge"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	attachmentsapi "helpdesk/httpapi/attachments"
	projection "helpdesk/projections/attachments"
)

// Module returns attachments.
func Module() program.Module {
	s := &settings{}
	return program.Module{
		Name:        "attachments",
		Settings:    s,
		Check:       s.check,
		Projections: []follow.Follower{projection.Follower()},
		Work:        s.work,
		Routes:      s.routes,
		Files:       func(pool *pgxpool.Pool, log *eventstore.Store) (program.Files, error) { return s.files(pool, log) },
		Blobs:       s.store,
		Beside:      attachments.InTheAppend,
		Export: []program.PersonFile{
			{Name: "attachments.ndjson", About: "the files they brought, and what became of each", Of: "files", Write: export},
			{Name: "uploads.ndjson", About: "the files they brought that are attached to nothing yet", Of: "uploads", Write: s.exportLoose},
		},
		ExportFolders: []program.PersonFolder{
			{Name: "attachments", About: "what is in those files, with a line for each in manifest.ndjson", Write: s.exportBytes},
		},
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m, s)} },
		Forget:   func(f program.Forgotten) eventstore.InTx { return attachments.Forget(f.ID.UUID) },
	}
}

// files returns all files, with their bytes in the store that is configured.
func (s *settings) files(pool *pgxpool.Pool, log *eventstore.Store) (*attachments.Files, error) {
	store, err := s.store(pool)
	if err != nil {
		return nil, err
	}
	return attachments.New(pool, log.Codec().Keys(), store, s.limits()), nil
}

func (s *settings) work(_ context.Context, w *program.Worker) (program.Work, error) {
	files, err := s.files(w.Issuing, w.Store)
	if err != nil {
		return program.Work{}, err
	}
	return program.Work{Loops: []func(context.Context) error{
		func(ctx context.Context) error { return files.RunCollector(ctx, w.Log) },
	}}, nil
}

func (s *settings) routes(c *program.Clients) []httpapi.Route {
	files, err := s.files(c.Pool, c.Store)
	if err != nil {
		panic(err) // the store was made a moment ago, for commands
	}
	return attachmentsapi.Resource{
		App: c.App, Read: program.NewReader(c.Pool), Files: files, Limits: s.limits(), Uploading: edge.NewAtOnce(attachmentsapi.UploadsMost),
	}.Routes()
}
