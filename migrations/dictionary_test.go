package migrations_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/prose"
)

var update = flag.Bool("update", false, "write docs/data-dictionary.md anew")

const dictionaryFile = "../docs/data-dictionary.md"

const dictionaryIntro = `# Data dictionary

Every table and view of schema ` + "`read`" + `, which analysts may read
([analytics](analytics/README.md) has questions with their SQL). They are built from the log of
events: nothing in them is entered by hand, and all of it can be built again. Instants are
` + "`timestamptz`" + `; "when it happened" is the time of the event itself, which for imported tickets lies
before the import.

This page is made from the comments in the database; a test keeps it so
(` + "`go test ./migrations -run Dictionary -update`" + ` writes it).
`

// entry is a column of the dictionary, with what it belongs to.
type entry struct {
	Relation, Kind, About, Column, Type, Meaning string
	Nullable                                     bool
}

const dictionarySQL = `
SELECT c.relname AS relation, CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, obj_description(c.oid, 'pg_class') AS about,
    a.attname AS "column", replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz') AS type,
    coalesce(col_description(c.oid, a.attnum), '') AS meaning, c.relkind <> 'v' AND NOT a.attnotnull AS nullable
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'read'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY c.relname COLLATE "C", a.attnum`

func TestTheDataDictionaryIsTrue(t *testing.T) {
	t.Parallel()
	rows, _ := pgtest.New(t).OwnerPool(t).Query(t.Context(), dictionarySQL) // CollectRows answers its error
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByName[entry])
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(dictionaryIntro)
	last := ""
	for _, e := range entries {
		if e.Relation != last {
			fmt.Fprintf(&b, "\n## %s\n\nA %s. %s\n\n| column | type | meaning |\n|---|---|---|\n", e.Relation, e.Kind, e.About)
			last = e.Relation
		}
		kind := e.Type
		if e.Nullable {
			kind += ", may be null"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Column, kind, strings.ReplaceAll(e.Meaning, "|", `\|`))
	}
	made := prose.Wrap(b.String())
	if *update {
		if err := os.WriteFile(dictionaryFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(dictionaryFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), made); diff != "" {
		t.Errorf("docs/data-dictionary.md is not what the database says; run this test with -update (-written +true):\n%s", diff)
	}
}
