package audit

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// example is the event of docs/audit-log.md.
func example() eventstore.Recorded {
	return eventstore.Recorded{
		Position: 42, StreamType: domain.TicketStream, Version: 3, Type: "ticket.retitled", SchemaVersion: 1,
		StreamID:      uuid.MustParse("0197c2a4-8f00-7000-8000-000000000001"),
		EventID:       uuid.MustParse("0197c2a4-9a3c-7e51-a0c4-5d1f6b2e8a90"),
		Data:          json.RawMessage(`{"title":"Drucker \"qualmt\""}`),
		ActorKind:     domain.ActorUser,
		ActorID:       uuid.NullUUID{UUID: uuid.MustParse("0197c2a4-8f00-7000-8000-00000000000a"), Valid: true},
		CorrelationID: `checkout-42 "é"\`,
		OccurredAt:    time.Date(2026, 1, 31, 13, 0, 0, 120_000_000, time.FixedZone("", 3600)),
		RecordedAt:    time.Date(2026, 1, 31, 12, 0, 0, 120_457_000, time.UTC),
	}
}

const (
	exampleEntry = `{"actor_id":"0197c2a4-8f00-7000-8000-00000000000a","actor_kind":"user","causation_id":null,"command_id":null,` +
		`"correlation_id":"checkout-42 \"é\"\\","data_sha256":"6451369137e4c5f9ad9319e2fca4d790a8149d511995a8d19c4e8b633293a615",` +
		`"event_id":"0197c2a4-9a3c-7e51-a0c4-5d1f6b2e8a90","occurred_at":"2026-01-31T12:00:00.120000Z","person_id":null,"position":42,` +
		`"recorded_at":"2026-01-31T12:00:00.120457Z","schema_version":1,"stream_id":"0197c2a4-8f00-7000-8000-000000000001",` +
		`"stream_type":"ticket","type":"ticket.retitled","version":3}`
	exampleLeaf = "447700c12ec24b2418023f46dfd438c99335332c96ded5f36dfcd838a9a31d75"
)

// TestAnEntryIsGolden holds the bytes of an entry: a change of them would be
// another log. What the page for auditors shows is the same.
func TestAnEntryIsGolden(t *testing.T) {
	e := example()
	entry, err := AppendEntry(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleEntry, string(entry)); diff != "" {
		t.Errorf("the entry (-want +got):\n%s", diff)
	}
	if got := hex.EncodeToString(LeafHash(entry)); got != exampleLeaf {
		t.Errorf("its leaf hash: got %s, want %s", got, exampleLeaf)
	}
	line, err := appendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/audit-log.md")
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"data": string(e.Data), "entry": exampleEntry, "line": string(line), "leaf hash": exampleLeaf,
		"leaf hash in base64": base64.StdEncoding.EncodeToString(LeafHash(entry)),
	} {
		t.Run(what, func(t *testing.T) {
			if !strings.Contains(string(page), "\n"+text+"\n") {
				t.Errorf("docs/audit-log.md does not show the %s: %s", what, text)
			}
		})
	}
}

// TestAnEntryIsCanonicalJSON compares with what encoding/json makes of the same
// members: sorted names, no white space, text that stands for itself.
func TestAnEntryIsCanonicalJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		e := example()
		e.CorrelationID = rapid.String().Draw(rt, "correlation id")
		e.Data = json.RawMessage(rapid.String().Draw(rt, "data"))
		e.Position = rapid.Int64Range(1, 1<<53).Draw(rt, "position")
		line, err := appendLine(nil, &e)
		if err != nil {
			rt.Fatal(err)
		}
		var members map[string]any
		dec := json.NewDecoder(strings.NewReader(string(line)))
		dec.UseNumber()
		if err := dec.Decode(&members); err != nil {
			rt.Fatal(err)
		}
		if members["correlation_id"] != e.CorrelationID || members["data"] != string(e.Data) {
			rt.Fatalf("the texts are not as they were: %s", line)
		}
		back, err := parseLine(line)
		if err != nil {
			rt.Fatal(err)
		}
		e.OccurredAt, back.OccurredAt, back.RecordedAt = e.OccurredAt.UTC(), back.OccurredAt.UTC(), back.RecordedAt.UTC()
		if diff := cmp.Diff(e, back); diff != "" {
			rt.Fatalf("read again (-want +got):\n%s", diff)
		}
	})
}

func TestControlCharactersAreEscapedAsRFC8785Says(t *testing.T) {
	e := example()
	e.CorrelationID = "\x00\x01\b\t\n\v\f\r\x1f\x7f\u2028</>&"
	entry, err := AppendEntry(nil, &e)
	if want := `"\u0000\u0001\b\t\n\u000b\f\r\u001f` + "\x7f\u2028" + `</>&"`; err != nil || !strings.Contains(string(entry), want) {
		t.Errorf("got %s, %v, want in it %s", entry, err, want)
	}
}

func TestWhatTheLogNeverHoldsIsNoEntry(t *testing.T) {
	for name, change := range map[string]func(*eventstore.Recorded){
		"text that is not UTF-8": func(e *eventstore.Recorded) { e.CorrelationID = "\xff" },
		"a year of five digits":  func(e *eventstore.Recorded) { e.OccurredAt = e.OccurredAt.AddDate(10_000, 0, 0) },
		"a year before Christ":   func(e *eventstore.Recorded) { e.RecordedAt = e.RecordedAt.AddDate(-3000, 0, 0) },
		"more than 65,535 bytes": func(e *eventstore.Recorded) { e.CorrelationID = strings.Repeat("x", 1<<16) },
	} {
		t.Run(name, func(t *testing.T) {
			e := example()
			change(&e)
			if entry, err := AppendEntry(nil, &e); err == nil {
				t.Errorf("got %.40s…", entry)
			}
		})
	}
	e := example() // data may be as long as they like
	e.Data = json.RawMessage(strings.Repeat("x", 1<<20))
	if _, err := AppendEntry(nil, &e); err != nil {
		t.Errorf("a megabyte of data: %v", err)
	}
}

func TestALineInAnotherFormIsRefused(t *testing.T) {
	e := example()
	text, err := appendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"other data":              {`qualmt`, `brennt`},
		"another digest":          {`"data_sha256":"6`, `"data_sha256":"7`},
		"white space":             {`,"data"`, `, "data"`},
		"a member more":           {`}`, `,"x":1}`},
		"a member twice":          {`"version":3`, `"version":2,"version":3`},
		"a member less":           {`,"command_id":null`, ``},
		"another way to escape":   {`é`, `\u00e9`},
		"another zone":            {`120000Z`, `120000+00:00`},
		"fewer digits":            {`120000Z`, `12Z`},
		"capitals in an id":       {`0197c2a4-9a3c`, `0197C2A4-9A3C`},
		"a number with a point":   {`"position":42`, `"position":42.0`},
		"nothing but a beginning": {string(text[100:]), ``},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(text), change[0], change[1], 1)
			if changed == string(text) {
				t.Error("nothing is changed")
			} else if _, err := parseLine([]byte(changed)); err == nil {
				t.Error("it is taken")
			}
		})
	}
}
