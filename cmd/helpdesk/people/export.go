package people

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"

	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// exportPerson writes the file, whole or not at all, and returns what is in it.
func exportPerson(ctx context.Context, o *program.Operator, account user.Account, path string) (held string, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(path)
		}
	}()
	x := &personExport{Operator: o, account: account, zip: zip.NewWriter(f), now: time.Now()}
	if err := x.write(ctx); err != nil {
		return "", err
	}
	if err := errors.Join(x.zip.Close(), f.Sync()); err != nil {
		return "", err
	}
	return strings.Join(x.counted, ", "), nil
}

// personExport is a file under way.
type personExport struct {
	*program.Operator
	account user.Account
	zip     *zip.Writer
	now     time.Time
	counted []string // "3 tickets"
}

// events is the file that comes last: what every module recorded.
var events = program.PersonFile{
	Name: "events.ndjson", About: "every event they caused, or that holds a text of theirs", Of: "events", Write: writeEvents,
}

func (x *personExport) write(ctx context.Context) error {
	files, folders := append(x.Modules.Export(), events), x.Modules.ExportFolders()
	readme, err := x.create("README.txt")
	if err == nil {
		err = writeReadme(readme, files, folders)
	}
	if err != nil {
		return fmt.Errorf("README.txt: %w", err)
	}
	for _, file := range files {
		w, err := x.create(file.Name)
		n := 0
		if err == nil {
			n, err = file.Write(ctx, x.Operator, x.account, w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if file.Of != "" {
			x.counted = append(x.counted, program.Counted(n, file.Of))
		}
	}
	for _, folder := range folders {
		create := func(name string) (io.Writer, error) { return x.create(folder.Name + "/" + name) }
		if err := folder.Write(ctx, x.Operator, x.account, create); err != nil {
			return fmt.Errorf("%s: %w", folder.Name, err)
		}
	}
	return nil
}

func (x *personExport) create(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.now})
}

func writeReadme(w io.Writer, files []program.PersonFile, folders []program.PersonFolder) error {
	var b strings.Builder
	b.WriteString("All that this helpdesk stores about a person.\n\n")
	for _, file := range files {
		fmt.Fprintf(&b, "%-18s %s\n", file.Name, file.About)
	}
	for _, folder := range folders {
		fmt.Fprintf(&b, "%-18s %s\n", folder.Name+"/", folder.About)
	}
	b.WriteString("\nAn event of somebody else's that holds no text of theirs, such as an agent\n" +
		"taking their ticket, is in no file but shows in the tickets.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// exportedEvent is an event as a person is shown it.
type exportedEvent struct {
	Position   int64           `json:"position"`
	Stream     string          `json:"stream_type"`
	StreamID   uuid.UUID       `json:"stream_id"`
	Type       string          `json:"type"`
	OccurredAt time.Time       `json:"occurred_at"`
	Data       json.RawMessage `json:"data"`
}

func writeEvents(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	err = o.Store.About(ctx, account.ID.UUID, func(e eventstore.Envelope) error {
		n++
		data, _, err := o.Store.Codec().Plain(e.Event)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(exportedEvent{e.Position, string(e.StreamType), e.StreamID, e.Type, e.OccurredAt.UTC(), data})
	})
	return n, err
}
