package projections_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/projections"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type colour string

// key is part of a row, as rows share parts.
type key struct {
	ID uuid.UUID `db:"id,key"`
}

// thing has a column of each kind.
type thing struct {
	key
	Number  int64       `db:"number,fixed"`
	Name    string      `db:"name"`
	Colour  colour      `db:"colour"`
	Second  *colour     `db:"second"`
	Small   *int16      `db:"small"`
	Rank    int         `db:"rank"`
	Done    bool        `db:"done"`
	At      time.Time   `db:"at"`
	Until   *time.Time  `db:"until"`
	Of      *uuid.UUID  `db:"of"`
	Labels  []string    `db:"labels"`
	Colours []colour    `db:"colours"`
	People  []uuid.UUID `db:"people"`

	Note string `db:"-"`
}

const thingsSQL = `CREATE TABLE things (
    id uuid PRIMARY KEY, number bigint NOT NULL, name text NOT NULL, colour text NOT NULL, second text, small smallint,
    rank smallint NOT NULL, done boolean NOT NULL, at timestamptz NOT NULL, until timestamptz, of uuid,
    labels text[] NOT NULL, colours text[] NOT NULL, people uuid[] NOT NULL)`

var things = projections.NewTable[thing]("things")

// someThings returns a thing with all there may be, and one with as little as
// possible.
func someThings() []*thing {
	red, small, noon, of := colour("red"), int16(7), time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC), uuid.UUID{15: 9}
	return []*thing{
		{
			key: key{uuid.UUID{15: 1}}, Number: 1, Name: `O'Reilly`, Colour: "blue", Second: &red, Small: &small, Rank: 3, Done: true,
			At: noon, Until: &noon, Of: &of,
			Labels:  []string{"", "a b", `"quoted"`, `back\slash`, "{brace,comma}", "NULL", "Ünïcode\nline"},
			Colours: []colour{"red", "green"}, People: []uuid.UUID{{15: 1}, {15: 2}},
		},
		{key: key{uuid.UUID{15: 2}}, Number: 2, Name: "", Colour: "", At: noon, Labels: []string{}, Colours: []colour{}, People: []uuid.UUID{}},
	}
}

// inTable returns what is in a table of things after do.
func inTable(t *testing.T, do func(pgx.Tx) error) (all []*thing) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pgtest.New(t).OwnerPool(t), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), thingsSQL); err != nil {
			return err
		}
		err := do(tx)
		if err == nil {
			all, err = things.Load(t.Context(), tx, []uuid.UUID{{15: 1}, {15: 2}})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b *thing) int { return int(a.ID[15]) - int(b.ID[15]) })
	for _, a := range all {
		a.At = a.At.UTC()
		if a.Until != nil {
			*a.Until = a.Until.UTC()
		}
	}
	return all
}

func checkThings(t *testing.T, want, got []*thing) {
	t.Helper()
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(thing{})); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(pgx.Tx) error{
		"inserted": func(tx pgx.Tx) error {
			return projections.WriteAll(t.Context(), tx, things.Insert("insert", someThings()))
		},
		"upserted": func(tx pgx.Tx) error {
			return projections.WriteAll(t.Context(), tx, things.Upsert("upsert", someThings()))
		},
		"copied": func(tx pgx.Tx) error { return things.Copy(t.Context(), tx, someThings()) },
	} {
		t.Run(name, func(t *testing.T) { checkThings(t, someThings(), inTable(t, do)) })
	}
}

func TestColumnsThatAreFixedStayAsTheyWere(t *testing.T) {
	t.Parallel()
	changed := someThings()
	for _, c := range changed {
		c.Name, c.Labels, c.Number = "another", append(c.Labels, "new"), 99
	}
	want := someThings()
	for _, w := range want {
		w.Name, w.Labels = "another", append(w.Labels, "new")
	}
	for name, write := range map[string]func(string, []*thing) projections.Write{"upsert": things.Upsert, "update": things.Update} {
		t.Run(name, func(t *testing.T) {
			checkThings(t, want, inTable(t, func(tx pgx.Tx) error {
				return projections.WriteAll(t.Context(), tx, things.Insert("insert", someThings()), write(name, changed))
			}))
		})
	}
}

func TestARowWithAFieldThatIsNoColumnIsRefused(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(){
		"no tag": func() { projections.NewTable[struct{ ID uuid.UUID }]("t") },
		"unknown type": func() {
			projections.NewTable[struct {
				Of map[string]int `db:"of"`
			}]("t")
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is a table")
				}
			}()
			make()
		})
	}
}

func BenchmarkArgs(b *testing.B) {
	rows := slices.Repeat(someThings(), 50)
	b.ReportAllocs()
	for b.Loop() {
		_ = things.Args(rows)
	}
}
