package httpapi

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// CSVType is the media type of an export (RFC 4180, RFC 7111).
const CSVType = "text/csv; charset=utf-8; header=present"

// AsFile is the parameter of what can be had as CSV.
type AsFile struct {
	BOM bool `query:"bom" description:"Of CSV: begin with a byte order mark, by which spreadsheets know UTF-8."`
}

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\ufeff"

// CSV writes lines of CSV as RFC 4180 §2 has them.
type CSV struct{ out *csv.Writer }

// NewCSV makes a writer that has written the first line.
func (f AsFile) NewCSV(w io.Writer, columns []string) (CSV, error) {
	out := CSV{csv.NewWriter(w)}
	out.out.UseCRLF = true
	if f.BOM {
		if _, err := io.WriteString(w, byteOrderMark); err != nil {
			return out, err
		}
	}
	return out, out.out.Write(columns)
}

// Write writes a line, of which no cell is a formula.
func (c CSV) Write(record []string) error {
	for i, text := range record {
		record[i] = Cell(text)
	}
	return c.out.Write(record)
}

// Flush sends what was written.
func (c CSV) Flush() error {
	c.out.Flush()
	return c.out.Error()
}

// Attach names the file that a browser is to keep a CSV answer in: by what is in it
// and the day.
func (c *Call) Attach(name string) {
	c.Header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, name, c.Now().UTC().Format(time.DateOnly)))
}

// Cell keeps a spreadsheet from taking somebody's text for a formula: where it
// begins like one, an apostrophe comes before it (OWASP "CSV Injection").
func Cell(text string) string {
	if strings.IndexAny(strings.TrimLeft(text, " "), "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}
