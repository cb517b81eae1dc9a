package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// buckets are names that say nothing of what is inside (STYLE.md "Naming").
var buckets = []string{"util", "utils", "common", "helpers", "helper", "models", "types", "base", "core", "impl", "manager", "misc", "shared", "lib"}

// source is a Go file of this project.
type source struct {
	path string // from the project's root
	text []byte
	ast  *ast.File
	fset *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

// sources returns every Go file of the project, but not what is generated or
// belongs to others.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor" || name == "var") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all = append(all, parsed(t, filepath.ToSlash(relative), string(text))...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("%d files found: this looks at the wrong place", len(all))
	}
	return all
}

// parsed returns a file as a source, none where it is generated.
func parsed(t *testing.T, path, text string) []source {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if ast.IsGenerated(file) {
		return nil
	}
	return []source{{path: path, text: []byte(text), ast: file, fset: fset}}
}

func TestNoPackageIsABucket(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if slices.Contains(buckets, p.Name) || slices.Contains(buckets, filepath.Base(p.path())) {
			t.Errorf("%s is named %q, which says nothing of what is inside", p.path(), p.Name)
		}
		if p.Name != strings.ToLower(p.Name) || strings.Contains(p.Name, "_") {
			t.Errorf("%s is named %q: a package's name is one lower-case noun", p.path(), p.Name)
		}
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init() runs behind everybody's back; call it by name", s.at(f))
			}
		}
	}
}

func TestNoTestSleeps(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !s.test() {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" && isName(sel.X, "time") {
				t.Errorf("%s: time.Sleep makes a test slow or wrong; wait for what it is about", s.at(sel))
			}
			return true
		})
	}
}

// lintDirective is put together so that it does not stand here itself.
const lintDirective = "//no" + "lint"

func TestNoLintIsSilenced(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, group := range s.ast.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, lintDirective) {
					t.Errorf("%s: %s hides what should be mended", s.at(c), c.Text)
				}
			}
		}
	}
}

func isName(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}
