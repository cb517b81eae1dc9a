package audit

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestALogInOrderIsVerified(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 700, 7)
	d.grow(t)
	signed := d.sign(t)
	got, err := d.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	if got.Events != 700 || got.Count != 1 || string(got.Root) != string(signed.Root) || got.Checkpoint.Size != 700 {
		t.Errorf("got %+v", got)
	}
	d.fill(t, 3, 1) // which the tree does not have yet
	if got, err = d.verify(t); err != nil || got.Untreed != 3 || got.Events != 703 {
		t.Errorf("with events that are not in the tree: got %+v, %v", got, err)
	}
}

func TestAnEmptyLogIsVerified(t *testing.T) {
	t.Parallel()
	if got, err := newLog(t).verify(t); err != nil || got.Events != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatWasNeverSignedIsNotCalledVerified(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 3, 1)
	d.grow(t)
	if _, err := d.verify(t); !errors.Is(err, ErrNothingSigned) {
		t.Errorf("got %v, want %v", err, ErrNothingSigned)
	}
}

// shift makes room at a position, or closes the gap there.
func shift(from, by string) string {
	return `UPDATE events SET position = -position WHERE position >= ` + from + `;
UPDATE events SET position = -position + ` + by + ` WHERE position < 0;
UPDATE log_head SET position = position + ` + by
}

// copyOf puts an event beside the others: another stream's, recorded at its time.
func copyOf(from, to string) string {
	return `INSERT INTO events SELECT ` + to + `, gen_random_uuid(), stream_type, 1, gen_random_uuid(), type, schema_version, data,
    actor_kind, actor_id, correlation_id, causation_id, command_id, occurred_at, recorded_at, person_id FROM events WHERE position = ` + from
}

func TestVerifyNamesTheFirstPositionAtFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		tamper []string
		want   string
		says   string
	}{
		{name: "one byte of an event's data", want: "position 300:", says: "is not the event",
			tamper: []string{`UPDATE events SET data = replace(data::text, 'Plotter', 'Plotted')::json WHERE position = 300`}},
		{name: "white space in an event's data", want: "position 300:", says: "is not the event",
			tamper: []string{`UPDATE events SET data = (data::text || ' ')::json WHERE position = 300`}},
		{name: "who did it", want: "position 2:", says: "is not the event",
			tamper: []string{`UPDATE events SET actor_id = gen_random_uuid() WHERE position = 2`}},
		{name: "when it happened, by a microsecond", want: "position 1:", says: "is not the event",
			tamper: []string{`UPDATE events SET occurred_at = occurred_at - interval '1 microsecond' WHERE position = 1`}},
		{name: "an instant that is none", want: "position 10:", says: "cannot be read",
			tamper: []string{`UPDATE events SET occurred_at = 'infinity' WHERE position = 10`}},
		{name: "two events have changed places", want: "position 20:", says: "is not the event",
			tamper: []string{`UPDATE events SET position = -1 WHERE position = 20; UPDATE events SET position = 20 WHERE position = 24;
UPDATE events SET position = 24 WHERE position = -1`}},
		{name: "the newest ten are gone", want: "position 591:", says: "missing",
			tamper: []string{`DELETE FROM events WHERE position > 590`}},
		{name: "the newest ten are gone, and the head is moved back", want: "position 591:", says: "missing",
			tamper: []string{`DELETE FROM events WHERE position > 590`, `UPDATE log_head SET position = 590`}},
		{name: "one is gone", want: "position 300:", says: "missing",
			tamper: []string{`DELETE FROM events WHERE position = 300`}},
		{name: "one is gone, and the rest is renumbered", want: "position 300:", says: "is not the event",
			tamper: []string{`DELETE FROM events WHERE position = 300`, shift("301", "-1")}},
		{name: "one is put in between", want: "position 300:", says: "is not the event",
			tamper: []string{shift("300", "1"), copyOf("1", "300")}},
		{name: "one is put in between, and the head stays", want: "position 300:", says: "is not the event",
			tamper: []string{shift("300", "1"), copyOf("1", "300"), `UPDATE log_head SET position = 600`}},
		{name: "one is put in behind the head", want: "position 601:", says: "put in behind",
			tamper: []string{copyOf("600", "601")}},
		{name: "a hash of the tree", want: "position 258:", says: "is not the event",
			tamper: []string{`UPDATE audit.tiles SET hashes = set_byte(hashes, 32, get_byte(hashes, 32) # 1) WHERE level = 0 AND tile_index = 1`}},
		{name: "a hash at the edge of the tree", want: "position 513:", says: "is not the event",
			tamper: []string{`UPDATE audit.edge SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 0`}},
		{name: "a hash above the leaves", want: "positions 1 to 600:", says: "the tree was altered",
			tamper: []string{`UPDATE audit.edge SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 1`}},
		{name: "a tile is gone", want: "position 257:", says: "tiles are gone",
			tamper: []string{`DELETE FROM audit.tiles WHERE tile_index = 1`}},
		{name: "the tree is gone", want: "position 101:", says: "missing",
			tamper: []string{`DELETE FROM audit.tiles`, `DELETE FROM audit.edge`, `DELETE FROM events WHERE position > 100`, `UPDATE log_head SET position = 100`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newLog(t)
			d.fill(t, 600, 6)
			d.grow(t)
			d.sign(t)
			d.tamper(t, c.tamper...)
			_, err := d.verify(t)
			if fault, ok := errors.AsType[*Fault](err); !ok || !strings.HasPrefix(fault.Error(), c.want) || !strings.Contains(fault.Why, c.says) {
				t.Errorf("got %v, want %s … %s", err, c.want, c.says)
			}
		})
	}
}

// TestATreeMadeAnewDoesNotHelp lets an attacker make the tree of altered events,
// as who has the database but not the key.
func TestATreeMadeAnewDoesNotHelp(t *testing.T) {
	t.Parallel()
	anew := []string{`DELETE FROM audit.tiles`, `DELETE FROM audit.edge WHERE level > 0`,
		`UPDATE audit.edge SET tile_index = 0, hashes = ''`, `UPDATE checkpoints SET position = 0 WHERE name = 'audit_tree'`}
	for _, c := range []struct {
		name   string
		tamper string
		want   string
	}{
		{"one byte of an event's data", `UPDATE events SET data = (data::text || ' ')::json WHERE position = 300`, "positions 251 to 400:"},
		{"one is gone, and the rest is renumbered", `DELETE FROM events WHERE position = 300; ` + shift("301", "-1"), "positions 251 to 400:"},
		{"the newest ten are gone", `DELETE FROM events WHERE position > 590; UPDATE log_head SET position = 590`, "position 591:"},
		{"an event of another's stream", `UPDATE events SET stream_id = gen_random_uuid() WHERE position = 8`, "position 8:"},
		{"recorded backwards", `UPDATE events SET recorded_at = recorded_at - interval '1 day' WHERE position = 9`, "position 9:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newLog(t)
			for _, n := range []int{250, 150, 200} {
				d.fill(t, n, 5)
				d.grow(t)
				d.sign(t)
			}
			d.tamper(t, append(anew, c.tamper)...)
			d.grow(t)
			_, err := d.verify(t)
			if fault, ok := errors.AsType[*Fault](err); !ok || !strings.HasPrefix(fault.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestAWitnessKnowsBetterThanTheFolder has everything of the service in the
// hands of an attacker, who signs a shorter log: what is kept elsewhere tells.
func TestAWitnessKnowsBetterThanTheFolder(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 90, 9)
	d.grow(t)
	elsewhere := write(t, filepath.Join(t.TempDir(), "witness"), d.sign(t).Note)
	write(t, d.dir.Checkpoints(), nil)
	d.tamper(t, `DELETE FROM events WHERE position > 80; UPDATE log_head SET position = 80`,
		`DELETE FROM audit.edge WHERE level > 0; UPDATE audit.edge SET hashes = substr(hashes, 1, 80 * 32)`,
		`UPDATE audit.keys SET size = 0, checkpoint = NULL`)
	d.sign(t)
	if _, err := d.verify(t); err != nil {
		t.Fatalf("by itself the forgery holds: %v", err)
	}
	_, err := d.verify(t, elsewhere)
	if fault, ok := errors.AsType[*Fault](err); !ok || fault.Position != 81 || !strings.Contains(fault.Why, "size 90 is signed") {
		t.Errorf("got %v, want position 81", err)
	}
}
