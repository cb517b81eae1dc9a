package readmodels

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"helpdesk/test/kit"
)

// answersInMarch are the answers to the questions of docs/analytics on what
// newMarch tells, worked out by hand; "…": what is not looked at.
var answersInMarch = map[string]string{
	"1": `2026-03-01 08:00:00+00|0
2026-03-01 09:00:00+00|1
2026-03-01 10:00:00+00|0
2026-03-01 11:00:00+00|1
2026-03-01 12:00:00+00|2
2026-03-01 13:00:00+00|0
2026-03-01 14:00:00+00|1
2026-03-01 15:00:00+00|0
…
2026-03-02 00:00:00+00|1
…
2026-03-02 10:00:00+00|2
2026-03-02 11:00:00+00|1
2026-03-02 12:00:00+00|0
2026-03-02 13:00:00+00|1
2026-03-02 14:00:00+00|1`,
	"2":  `2026-02-23|high|1|00:30:00`,
	"3":  "eve|1|1\nnobody|1|1",
	"4":  "high|1|0|0.0\nlow|3|0|0.0\nmedium|1|1|100.0",
	"5":  `5|1|{00:10:00,00:10:00}`,
	"6":  `ann|5|2`,
	"7":  `1|2|eve 23:50:00, max 00:00:00`,
	"8":  "Mon|0|1\nMon|13|1\nSun|9|1\nSun|11|1\nSun|12|1",
	"9":  "2026-03-01|4|2\n2026-03-02|1|0",
	"10": ``,
}

var (
	question = regexp.MustCompile(`(?s)\n## (\d+)\. ([^\n]*)\n\n` + "```sql\n(.*?)```")
	gap      = regexp.MustCompile(`\n…\n`)
)

func TestTheQuestionsOfAnalystsAreAnswered(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/analytics/README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := newMarch(t)
	analyst := m.DB.AnalystPool(t)
	asked := question.FindAllStringSubmatch(string(text), -1)
	if len(asked) != len(answersInMarch) {
		t.Errorf("%d questions, %d answers", len(asked), len(answersInMarch))
	}
	for _, q := range asked {
		number, title, sql := q[1], q[2], strings.TrimSuffix(strings.TrimSpace(q[3]), ";")
		var answer string
		asText := fmt.Sprintf(`SELECT coalesce(string_agg(rtrim(ltrim(a::text, '('), ')'), E'\n'), '') FROM (%s) AS a`, sql)
		if err := analyst.QueryRow(kit.Context(t), asText).Scan(&answer); err != nil {
			t.Errorf("%s. %s: %v", number, title, err)
		}
		rows := strings.NewReplacer(`"`, "", ",", "|").Replace(answer)
		wanted := regexp.QuoteMeta(strings.ReplaceAll(answersInMarch[number], ",", "|"))
		if pattern := gap.ReplaceAllString(wanted, `\n(?s:.*)\n`); !regexp.MustCompile(`^` + pattern + `$`).MatchString(rows) {
			t.Errorf("%s. %s (-want +got):\n%s", number, title, gocmp.Diff(answersInMarch[number], rows))
		}
	}
}
