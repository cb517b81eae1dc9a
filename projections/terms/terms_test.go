package terms

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]string{
		"":                          "",
		"((( & | ! :* '' \" \\ …":   "",
		"printer":                   "'printer':*",
		"Printers":                  "('printers':* | 'printer')",
		"printers smoke":            "'printer' & 'smoke':*",
		"printer!":                  "'printer'",
		"b":                         "'b'",
		"toast or zeppelin b":       "'toast' | 'zeppelin' & 'b'",
		"or x or or":                "'x'",
		"is it or not":              "'is' & 'it' | 'not':*",
		"printer is on":             "'printer'",
		"the printi":                "('printi':* | 'print')",
		"escalatio":                 "('escalatio':* | 'escal')",
		"self-hosted":               "('self hosted':* | 'self host')",
		`"out of order"`:            "'order'",
		`"order of toner"`:          "'order' <2> 'toner'",
		`"burnt toast"`:             "'burnt' <1> 'toast'",
		`5" screen`:                 "('5' | '#5') & 'screen':*",
		`printer -toast -"x y" - x`: "'printer' & (!('toast') | '-toast') & !('x' <1> 'y') & 'x'",
		`"printer"-model`:           "'printer' & 'model':*",
		"--force":                   "('force':* | 'forc')",
		"INV-00417":                 "'inv 00417':*",
		"Lisa's":                    "'lisa'",
		"don't print x/on":          "'print' & 'x on':*",
		"printer 0452":              "'printer' & ('0452':* | '#452')",
		"452 printer":               "('452' | '#452') & 'printer':*",
		"x/y/z?":                    "'x y' & 'y z'",
		"打印机":                       "'打印' & '印机'",
		"机":                         "'机':*",
		`"打印机坏 x"`:                  "'打印' <1> '印机' <1> '机坏' <2> 'x'",
		"第3章":                       "'第':* & ('3' | '#3') & '章':*",
		strings.Repeat("x ", 40):    strings.Repeat("'x' & ", termsMost-1) + "'x'",
		strings.Repeat("x", 200):    "'" + strings.Repeat("x", wordMost) + "':*",
	} {
		if diff := cmp.Diff(want, Query(search)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", search, diff)
		}
	}
}

func TestWhatLooksTheSameIsTheSame(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"cafe", "Café", "CAFE\u0301", "ｃａｆé"},
		{"strasse", "Straße", "STRASSE", "STRAẞE"},
		{"istanbul", "İstanbul", "ISTANBUL", "ıstanbul"},
		{"345", "３４５", "٣٤٥", "३४५"},
		{"file", "ﬁle", "fi\u00adle", "fi\u200ble"},
		{"σισυφοσ", "Σίσυφος", "ΣΊΣΥΦΟΣ"},
		{"елка", "Ёлка", "ЕЛКА"},
		{"プリンター", "ﾌﾟﾘﾝﾀｰ", "フ\u309aリンター"},
		{"한글", "한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"},
		{"שלום", "שָׁלוֹם"},
		{"محمد", "مُحَمَّد", "محـمد"},
		{"lodz", "Łódź"},
	} {
		for _, text := range same[1:] {
			if got := fold(text); got != same[0] {
				t.Errorf("%+q: got %+q, want %+q", text, got, same[0])
			}
		}
	}
}

func TestVector(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                    "",
		"… & !":               "",
		"It is Smoking.":      "'smoke':3",
		"It is on!":           "'it':1 'is':2 'on':3",
		"on/off 机":            "'机':3",
		"Lisa's on-call PC’s": "'lisa':1 'call':3 'on call':3 'pc':4",
		"rm -rf INV-00417":    "'rm':1 'rf':2 '-rf' 'inv':3 '00417':4 'inv 00417':4",
		"打印机 x":               "'打印':1 '印机':2 '机':3 'x':4",
		"-机":                  "'机':1 '-机'",
		"rechnung_2024.pdf":   "'rechnung':1 '2024':2 'rechnung 2024':2 'pdf':3 '2024 pdf':3",
	} {
		if got, _ := Vector(text, false); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if got, _ := Vector("It is Smoking.", true); got != "'it':1 'is':2 'smoke':3" {
		t.Errorf("as a title: got %s", got)
	}
	for text, want := range map[string]int{"two words": 9, strings.Repeat("机", 100): 100, strings.Repeat("𠀀", 100): 119} {
		if _, size := Vector(text, true); size != want {
			t.Errorf("size of %.40s: got %d, want %d", text, size, want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]int64{
		"452": 452, " #452 ": 452, "＃４５２": 452, "00452": 452, "": 0, "#": 0, "4 5": 0, "-452": 0, "452x": 0, "##452": 0, "99999999999999999999": 0,
	} {
		got, ok := Number(search)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: got %d, %v, want %d", search, got, ok, want)
		}
	}
}

// Of a text of nothing but different terms the first are kept, however it is written.
func TestATextHasSoManyTermsAtMost(t *testing.T) {
	t.Parallel()
	var chinese, words, dashed strings.Builder
	for i := range 20_000 {
		chinese.WriteRune('\u4e00' + rune(i))
		fmt.Fprintf(&words, "w%d ", i)
		fmt.Fprintf(&dashed, " -x%d", i)
	}
	for name, text := range map[string]string{"characters": chinese.String(), "words": words.String(), "words behind dashes": dashed.String()} {
		got, size := Vector(text, false)
		if n := strings.Count(got, "'") / 2; n > differentMost+1 { // a word may bring two
			t.Errorf("%s: %d terms are kept, want at most %d", name, n, differentMost)
		}
		if runes := utf8.RuneCountInString(text); size < runes {
			t.Errorf("%s: it counts %d of %d characters", name, size, runes)
		}
	}
}

func BenchmarkVector(b *testing.B) {
	text := strings.Repeat("The printer on floor 3 of INV-00417 smokes since yesterday morning, and https://intranet.example.net says nothing. ", 5)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Vector(text, false)
	}
}
