package httpapi

import (
	"encoding/csv"
	"io"
	"strings"
)

// CSVType is the media type of an export (RFC 4180, RFC 7111).
const CSVType = "text/csv; charset=utf-8; header=present"

// NewCSV makes a writer of lines of CSV as RFC 4180 §2 has them.
func NewCSV(w io.Writer) *csv.Writer {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return out
}

// Attach names the file that a browser is to keep the answer in.
func (c *Call) Attach(name string) {
	c.Header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// Cell keeps a spreadsheet from taking somebody's text for a formula: where it
// begins like one, an apostrophe comes before it (OWASP "CSV Injection").
func Cell(text string) string {
	if strings.IndexAny(strings.TrimLeft(text, " "), "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}
