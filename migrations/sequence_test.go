package migrations_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// gaps are the numbers that were left out while each part of the program had
// numbers of its own. None comes after 64.
var gaps = []int{5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 25, 26, 27, 28, 29, 32, 33, 34, 35, 36, 37, 38, 39, 42, 43, 44, 45, 46, 47, 48, 49, 52, 53, 54, 55, 56, 57, 58, 59}

// parts are what a migration changes: the log and what the
// service remembers beside it, or tables that are rebuilt from the log.
var parts = []string{"log", "read"}

// firstNamed is the first migration whose name ends with its part.
const firstNamed = 67

func TestMigrationsAreInPlainSequence(t *testing.T) {
	names, err := fs.Glob(os.DirFS("."), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultsOf(names) {
		t.Error(fault)
	}
}

// faultsOf returns a sentence for each migration that is out of sequence or not
// named after what it changes.
func faultsOf(names []string) (faults []string) {
	slices.Sort(names)
	want := 1
	for _, name := range names {
		digits, rest, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || len(digits) != 4 || rest == "" {
			faults = append(faults, fmt.Sprintf("%s: a name is four digits, _ and words", name))
			continue
		}
		for slices.Contains(gaps, want) {
			want++
		}
		if number != want {
			faults = append(faults, fmt.Sprintf("%s: the next number is %04d", name, want))
		}
		want = number + 1
		if part := rest[strings.LastIndex(rest, "_")+1:]; number >= firstNamed && !slices.Contains(parts, part) {
			faults = append(faults, fmt.Sprintf("%s: its name ends with _log or _read, after the tables that it changes", name))
		}
	}
	return faults
}

func TestAMigrationOutOfSequenceIsRefused(t *testing.T) {
	names, err := fs.Glob(os.DirFS("."), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest, err := strconv.Atoi(slices.Max(names)[:4])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		file string
		want int // faults
	}{
		{"the next number", fmt.Sprintf("%04d_tags_read.sql", newest+1), 0},
		{"a hole", fmt.Sprintf("%04d_tags_read.sql", newest+2), 1},
		{"a number below the newest that is taken", fmt.Sprintf("%04d_tags_read.sql", newest), 1},
		{"a number of an old gap", "0005_tags_read.sql", 1},
		{"three digits", "067_tags_read.sql", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if faults := faultsOf(append(slices.Clone(names), c.file)); (len(faults) > 0) != (c.want > 0) {
				t.Errorf("%s: got %v", c.file, faults)
			}
		})
	}
	t.Run("no part", func(t *testing.T) {
		name := fmt.Sprintf("%04d_tags.sql", newest+1)
		if newest+1 >= firstNamed && len(faultsOf(append(slices.Clone(names), name))) == 0 {
			t.Errorf("%s is accepted", name)
		}
	})
}
