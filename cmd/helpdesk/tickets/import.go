package tickets

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/eventstore"
	"helpdesk/saga"
)

// importRow is one line of an import.
type importRow struct {
	importOf
	Opening ticket.OpenTicket // with the members that are given with an opening
}

// importOf is what a line says besides the members that the opening takes.
type importOf struct {
	CreatedBy  string
	OccurredAt time.Time
	Status     ticket.Status
	StatusAt   time.Time
}

// UnmarshalJSON implements [json.Unmarshaler]. It refuses members it does not know.
func (r *importRow) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name, value := range members {
		for _, m := range ticket.Members() {
			if m.Opening == nil || !strings.EqualFold(m.Name, name) {
				continue
			}
			if err := json.Unmarshal(value, m.Opening(&r.Opening)); err != nil {
				return inWords(err, name)
			}
			delete(members, name)
		}
	}
	for name, value := range members {
		var into any
		switch strings.ToLower(name) {
		case "created_by":
			into = &r.CreatedBy
		case "occurred_at":
			into = (*edge.Instant)(&r.OccurredAt)
		case "status":
			into = &r.Status
		case "status_at":
			into = (*edge.Instant)(&r.StatusAt)
		default:
			return errImport.With("unknown field").On(name)
		}
		if err := json.Unmarshal(value, into); err != nil {
			return inWords(err, name)
		}
	}
	return nil
}

// importer takes tickets in. Lines are worked on side by side, so that they
// share flushes to the disk; positions do not follow the order of lines.
type importer struct {
	*program.Operator
	tickets *commands.Tickets
	errs    io.Writer

	mu      sync.Mutex
	people  map[string]user.Account // looked up already
	sayOnce sync.Mutex              // one line on errs at a time

	dry    bool // nothing is written
	exempt bool // none of them is to escalate by itself
	policy saga.Policy

	opened, known, refused, begun, overdue atomic.Int64
}

// byteOrderMark is what some programs write before UTF-8.
var byteOrderMark = []byte("\uFEFF")

// Bounds of an import.
const (
	importAtOnce = 64
	importLine   = 1 << 20 // bytes of the longest line
)

func newImporter(ctx context.Context, o *program.Operator, errs io.Writer) (*importer, error) {
	policy, known, err := saga.PolicyInForce(ctx, o.Pool)
	if !known {
		policy = saga.DefaultPolicy()
	}
	return &importer{
		Operator: o, tickets: commands.NewTickets(o.Store, o.Store), errs: errs, people: map[string]user.Account{}, policy: policy,
	}, err
}

// importLineOf is a line with its place in the file, and how many equal ones
// came before it.
type importLineOf struct {
	number int
	nth    int
	text   []byte
}

// run takes in every line. Its error is one that ends the import; a line that
// is refused does not.
func (i *importer) run(ctx context.Context, in io.Reader) error {
	lines := make(chan importLineOf)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(lines)
		return i.read(ctx, in, lines)
	})
	for range importAtOnce {
		group.Go(func() error {
			for line := range lines {
				if err := i.take(ctx, line); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (i *importer) read(ctx context.Context, in io.Reader, lines chan<- importLineOf) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 64<<10), importLine)
	seen := map[[16]byte]int{}
	number := 0
	for scanner.Scan() {
		text := scanner.Bytes()
		if number++; number == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		sum := sha256.Sum256(text)
		key := [16]byte(sum[:])
		line := importLineOf{number: number, nth: seen[key], text: bytes.Clone(text)}
		seen[key]++
		select {
		case lines <- line:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: longer than %d bytes; the lines after it were not read", number+1, importLine)
	}
	return scanner.Err()
}

// take takes in one line, or says why it is refused.
func (i *importer) take(ctx context.Context, line importLineOf) error {
	err := i.open(ctx, line)
	var refusal *domain.Error
	if err == nil {
		return nil
	}
	if !errors.As(err, &refusal) || refusal.Kind == domain.KindUnavailable {
		return fmt.Errorf("line %d: %w", line.number, err)
	}
	i.refused.Add(1)
	i.sayOnce.Lock()
	defer i.sayOnce.Unlock()
	field := ""
	if refusal.Field != "" {
		field = refusal.Field + ": "
	}
	_, err = fmt.Fprintf(i.errs, "line %d: %s%s\n", line.number, field, refusal.Message)
	return err
}

func (i *importer) open(ctx context.Context, line importLineOf) error {
	row, err := parseImport(line.text, time.Now())
	if err != nil {
		return err
	}
	requester, err := i.person(ctx, row.CreatedBy)
	if err != nil {
		return err
	}
	by := ticket.By{Actor: domain.Actor{Kind: domain.ActorImport}}
	row.Opening.By, row.Opening.CreatedBy, row.Opening.Exempt = by, requester.ID, i.exempt
	begun := row.Status == ticket.StatusInProgress
	if begun { // a line names no assignee, and a ticket in progress is somebody's
		row.Status = ticket.StatusOpen
	}
	id := importedID(row.OccurredAt, line)
	there, err := i.Store.Load(ctx, id.UUID)
	if err != nil {
		return err
	}
	if i.dry {
		_, err = ticket.Decide(ticket.State{}, row.Opening)
	} else {
		err = i.write(ctx, id, row, there)
	}
	if err != nil {
		return err
	}
	if len(there) > 0 {
		i.known.Add(1)
		return nil
	}
	i.opened.Add(1)
	if begun {
		i.begun.Add(1)
	}
	if !i.exempt && i.policy.Overdue(cmp.Or(row.Opening.Priority, ticket.Low), row.Status, row.OccurredAt, time.Now()) {
		i.overdue.Add(1)
	}
	return nil
}

// write writes what is missing of a line's ticket. An import that was cut off
// before its status is completed by the next.
func (i *importer) write(ctx context.Context, id ticket.ID, row importRow, there []eventstore.Envelope) error {
	r := commands.Request{CorrelationID: "tickets import", OccurredAt: row.OccurredAt}
	if len(there) == 0 {
		if _, err := i.tickets.Open(ctx, r, id, row.Opening); err != nil {
			return err
		}
	}
	if row.Status == ticket.StatusOpen || slices.ContainsFunc(there, func(e eventstore.Envelope) bool { return e.Version > 1 && !isExemption(e) }) {
		return nil
	}
	r.OccurredAt = row.StatusAt
	_, err := i.tickets.Do(ctx, r, id, ticket.ChangeStatus{By: row.Opening.By, To: row.Status})
	return err
}

func isExemption(e eventstore.Envelope) bool { return e.Type == ticket.Exempted{}.EventType() }

var errImport = &domain.Error{Kind: domain.KindInvalid, Code: "import"}

// parseImport reads a line and completes what was left out.
func parseImport(text []byte, now time.Time) (row importRow, err error) {
	if !utf8.Valid(text) {
		return row, errImport.With("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&row); err != nil {
		return row, inWords(err, "")
	}
	if dec.More() {
		return row, errImport.With("there is more on it than one object")
	}
	if row.Status == "" {
		row.Status = ticket.StatusOpen
	}
	statusAt := row.StatusAt
	if statusAt.IsZero() {
		statusAt = row.OccurredAt
	}
	switch {
	case row.CreatedBy == "":
		return row, domain.ErrRequired.On("created_by")
	case row.OccurredAt.IsZero():
		return row, domain.ErrRequired.On("occurred_at")
	case row.OccurredAt.After(now):
		return row, errImport.With("it is in the future").On("occurred_at")
	case !row.Status.Valid():
		return row, domain.ErrEnum.On("status")
	case !row.StatusAt.IsZero() && row.Status == ticket.StatusOpen:
		return row, errImport.With("an open ticket has no time but occurred_at").On("status_at")
	case statusAt.Before(row.OccurredAt):
		return row, errImport.With("it is before occurred_at").On("status_at")
	case statusAt.After(now):
		return row, errImport.With("it is in the future").On("status_at")
	}
	row.StatusAt = statusAt
	return row, nil
}

// importedID makes the id of a line's ticket, a UUIDv7 of its time of opening
// whose random part is a digest of the line: the same line in another run is the
// same ticket.
func importedID(at time.Time, line importLineOf) ticket.ID {
	digest := sha256.New()
	digest.Write(line.text)
	_ = binary.Write(digest, binary.BigEndian, int64(line.nth)) // a hash takes everything
	var id uuid.UUID
	copy(id[6:], digest.Sum(nil))
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], millis[2:])
	id[6] = id[6]&0x0f | 0x70 // version 7 (RFC 9562 §5.7)
	id[8] = id[8]&0x3f | 0x80
	return ticket.ID{UUID: id}
}

// person returns the account of a requester.
func (i *importer) person(ctx context.Context, name string) (user.Account, error) {
	i.mu.Lock()
	a, ok := i.people[name]
	i.mu.Unlock()
	if ok {
		return a, nil
	}
	a, err := i.Accounts.Find(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return a, domain.ErrUnknown.With("there is nobody called %q", name).On("created_by")
	}
	if err != nil {
		return a, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.people[name] = a
	return a, nil
}

func (i *importer) summary() string {
	imported := "imported"
	if i.dry {
		imported = "would be imported"
	}
	said := fmt.Sprintf("%s %s, %d were in already, %s refused.", program.Counted(int(i.opened.Load()), "tickets"), imported, i.known.Load(), program.Counted(int(i.refused.Load()), "lines"))
	if n := i.begun.Load(); n > 0 {
		said += fmt.Sprintf("\nIn progress, which takes an assignee, so open: %d.", n)
	}
	if n := i.overdue.Load(); n > 0 {
		said += fmt.Sprintf("\nOverdue, to escalate at once without an email: %d.", n)
	}
	return said
}
