package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"testing"
)

// Sizes that nothing outgrows (STYLE.md, "Who may import whom"). A field of a
// ticket once cost 33 files at 75 places, in folders of 60 files and types of 120
// methods.
const (
	methodsOfType = 25  // in a package, its tests included
	filesInFolder = 20  // hand-written, tests not counted
	linesOfFile   = 400 // hand-written, tests included
)

// figure is how large something is.
type figure struct {
	of   string
	size int
}

// most returns the largest of all, and by name where two are as large.
func most(all map[string]int) (largest figure) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] > largest.size {
			largest = figure{name, all[name]}
		}
	}
	return largest
}

// receiver returns the name of the type that a method belongs to.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return ""
	}
	x := f.Recv.List[0].Type
	for {
		switch of := x.(type) {
		case *ast.StarExpr:
			x = of.X
		case *ast.IndexExpr: // a type with a parameter
			x = of.X
		case *ast.IndexListExpr:
			x = of.X
		case *ast.Ident:
			return of.Name
		default:
			return ""
		}
	}
}

// sizes returns the lines of each file, the files of each folder, and the
// methods of each type.
func sizes(all []source) (lines, files, methods map[string]int) {
	lines, files, methods = map[string]int{}, map[string]int{}, map[string]int{}
	for _, s := range all {
		lines[s.path] = bytes.Count(s.text, []byte("\n"))
		if !s.test() {
			files[path.Dir(s.path)]++
		}
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && receiver(f) != "" {
				methods[path.Dir(s.path)+"."+receiver(f)]++
			}
		}
	}
	return lines, files, methods
}

func TestNothingIsTooLarge(t *testing.T) {
	t.Parallel()
	lines, files, methods := sizes(sources(t))
	for _, c := range []struct {
		what, units, mend string
		limit             int
		all               map[string]int
	}{
		{"type", "methods", "divide it by what its users need", methodsOfType, methods},
		{"folder", "files", "make a folder of what belongs together", filesInFolder, files},
		{"file", "lines", "move what is about something else to a file of its own", linesOfFile, lines},
	} {
		largest := most(c.all)
		fmt.Printf("largest %-7s %s, %d of at most %d %s\n", c.what+":", largest.of, largest.size, c.limit, c.units)
		for _, name := range slices.Sorted(maps.Keys(c.all)) {
			size := c.all[name]
			if size > c.limit {
				t.Errorf("%s has %d %s, and %d are allowed: %s", name, size, c.units, c.limit, c.mend)
			}
		}
	}
}

func TestMethodsAreCountedByTheirType(t *testing.T) {
	t.Parallel()
	all := parsed(t, "a/one.go", "package a\n\ntype T struct{}\n\nfunc (T) A() {}\nfunc (t *T) B() {}\n")
	all = append(all, parsed(t, "a/two_test.go", "package a\n\nfunc (t *T) C() {}\nfunc (s *Set[K]) D() {}\nfunc F() {}\n")...)
	_, files, methods := sizes(all)
	if got := methods["a.T"]; got != 3 {
		t.Errorf("a.T has 3 methods, got %d of %v", got, methods)
	}
	if got := methods["a.Set"]; got != 1 {
		t.Errorf("a.Set has a method, got %d of %v", got, methods)
	}
	if got := files["a"]; got != 1 {
		t.Errorf("a has one file that is no test, got %d", got)
	}
}
