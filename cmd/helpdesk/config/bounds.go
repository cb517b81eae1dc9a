package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// boundsTag is the tag of a member that is a number or a [Span]: from the least to the
// most it may be ("4..100", "1s..24h"), and with "0|" before it 0 as well, which switches
// off what it bounds.
const boundsTag = "within"

// bounds are those of a number or a span of time.
type bounds struct {
	zero        bool
	least, most int64
	span        bool
}

// boundsOf returns the bounds of a member of a struct of settings; ok is false where it
// has none, for it is neither a number nor a span.
func boundsOf(field reflect.StructField) (b bounds, ok bool) {
	text, ok := field.Tag.Lookup(boundsTag)
	if !ok {
		return b, false
	}
	text, b.zero = strings.CutPrefix(text, "0|")
	least, most, _ := strings.Cut(text, "..")
	b.span = field.Type == reflect.TypeFor[Span]()
	b.least, b.most = b.parse(least), b.parse(most)
	return b, true
}

func (b bounds) parse(text string) int64 {
	var n int64
	var err error
	if b.span {
		var d time.Duration
		d, err = time.ParseDuration(text)
		n = int64(d)
	} else {
		n, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil {
		panic(err) // the tag is wrong, of which a test knows
	}
	return n
}

// allow reports whether a value is within the bounds.
func (b bounds) allow(v reflect.Value) bool {
	var n int64
	if v.CanUint() {
		n = int64(v.Uint()) // of 32 bits
	} else {
		n = v.Int()
	}
	return (b.zero && n == 0) || (n >= b.least && n <= b.most)
}

// String returns the bounds in words: "from 4 to 100", "0, or from 1s to 24h".
func (b bounds) String() string {
	text := fmt.Sprintf("from %s to %s", b.text(b.least), b.text(b.most))
	if b.zero {
		text = "0, or " + text
	}
	return text
}

func (b bounds) text(n int64) string {
	if !b.span {
		return strconv.FormatInt(n, 10)
	}
	text := time.Duration(n).String() // with units of which there are none
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// advice returns what may be written.
func (b bounds) advice() string {
	if b.span {
		return "use a span of time such as 90m, 2h30m or 10s, " + b.String()
	}
	return "use a whole number " + b.String()
}
