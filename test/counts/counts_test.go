package counts

import (
	"strings"
	"testing"

	"helpdesk/test/load"
	"helpdesk/test/pgcount"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// most is what a work may cost: statements and transactions until the answer, and
// behind it. Lower a figure where a change lowers it, and never raise one. Writes have
// some room: how often one looks whether it is shown yet differs. With -v the test
// shows the statements.
var most = map[string]struct{ statements, commits, statementsBehind, commitsBehind int }{
	"create":                           {8, 4, 30, 6},
	"change a priority":                {11, 6, 30, 6},
	"public comment":                   {11, 5, 55, 14},
	"internal note":                    {11, 5, 25, 6},
	"first page, admin":                {3, 3, 0, 0},
	"first page, agent, filtered":      {3, 3, 0, 0},
	"title search":                     {3, 3, 0, 0},
	"title search among older tickets": {3, 3, 0, 0},
	"search for a common word":         {3, 3, 0, 0},
	"search for a rare word":           {4, 4, 0, 0}, // none of the newest tickets has it
	"one ticket with comments":         {4, 4, 0, 0},
	"report":                           {3, 3, 0, 0},
	"events page of 100":               {2, 2, 0, 0},
}

// TestARequestCostsNoMoreThan has one program, whose works follow each other.
func TestARequestCostsNoMoreThan(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	proxy, err := pgcount.Listen(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	p := program.OpenOn(t, db, "HELPDESK_DATABASE_URL="+proxy.URL())
	pool := db.OwnerPool(t)
	d, err := load.Open(t.Context(), strings.TrimPrefix(p.URL, "http://"), load.SignUp(t, p), 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range d.Works() {
		t.Run(w.Name, func(t *testing.T) {
			got, err := Of(t.Context(), proxy, pool, d.Address, w)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("until the answer %+v, behind it %+v", got.Request, got.Behind)
			most, ok := most[w.Name]
			if !ok {
				t.Fatal("no line of the table is about it")
			}
			for _, c := range []struct {
				what        string
				got, atMost int
			}{
				{"statements until the answer", got.Request.Statements, most.statements},
				{"transactions until the answer", got.Request.Commits, most.commits},
				{"statements behind it", got.Behind.Statements, most.statementsBehind},
				{"transactions behind it", got.Behind.Commits, most.commitsBehind},
			} {
				if c.got > c.atMost {
					t.Errorf("%s: got %d, want at most %d", c.what, c.got, c.atMost)
				}
			}
			if got.Request.Statements == 0 {
				t.Error("nothing was counted: do requests use other connections?")
			}
			if testing.Verbose() {
				show(t, proxy, pool, d.Address, w)
			}
		})
	}
}

// show logs the statements of one more request.
func show(t *testing.T, proxy *pgcount.Proxy, db load.Database, address string, w load.Work) {
	c, err := load.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	proxy.Trace(func(s pgcount.Statement) {
		t.Logf("%s: %.120s", s.Name, strings.Join(strings.Fields(s.SQL), " "))
	})
	defer proxy.Trace(nil)
	if _, err := c.Ask(w.Next(0), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := load.Quiet(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}
