// Package recipe follows CONTRIBUTING.md's recipe for a field of a ticket, in a copy
// of the tree: it holds as long as the edits fit, are those of the files that the
// recipe names, and the field is then met wherever tickets are.
package recipe

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the project's.
var root = filepath.Join("..", "..")

// most is how many hand-written files a new field of a ticket may cost.
const most = 14

func TestTheRecipeForAFieldOfATicket(t *testing.T) {
	edits := readEdits(t, filepath.Join("testdata", "tags.diff"))
	if len(edits) > most {
		t.Errorf("a field of a ticket takes edits of %d files, more than %d", len(edits), most)
	}
	var edited []string
	for _, e := range edits {
		edited = append(edited, e.path)
	}
	if diff := cmp.Diff(listed(t), slices.Sorted(slices.Values(edited))); diff != "" {
		t.Errorf("the files that CONTRIBUTING.md names, and those that are edited (-named +edited):\n%s", diff)
	}
	tree := t.TempDir()
	copyTree(t, tree)
	for _, e := range edits {
		if err := e.apply(tree); err != nil {
			t.Errorf("the recipe of CONTRIBUTING.md no longer fits: %v", err)
		}
	}
	scratch(t, tree)
	if t.Failed() {
		return
	}
	run(t, tree, "go", "tool", "templ", "generate", "-path", "web")
	run(t, tree, "go", "build", "./...")
	run(t, tree, "go", "test", "./httpapi", "-run", "^TestTheDocumentIsTheGoldenOne$", "-update")
	if said := run(t, tree, "go", "test", "./test/e2e", "-v", "-run", "^TestTags$"); !strings.Contains(said, "--- PASS: TestTags") {
		t.Errorf("the suite that meets the field was not run:\n%s", said)
	}
}

// scratch puts the suite that meets the field into the copy.
func scratch(t *testing.T, tree string) {
	t.Helper()
	suite, err := os.ReadFile(filepath.Join("testdata", "tags_test.go.txt"))
	if err == nil {
		err = os.WriteFile(filepath.Join(tree, "test", "e2e", "tags_test.go"), suite, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a command in the copy and returns what it printed.
func run(t *testing.T, tree string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = tree
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s, after the recipe of CONTRIBUTING.md: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// copyTree copies the files of the project that git knows.
func copyTree(t *testing.T, to string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	names, err := cmd.Output()
	if err != nil {
		t.Skip("there is no git to say which files are the project's")
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		path := filepath.Join(to, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

var namedFile = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// listed returns the files that the recipe names, sorted.
func listed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(text), "<!-- recipe: field -->")
	recipe, _, there := strings.Cut(recipe, "<!-- /recipe -->")
	if !there {
		t.Fatal("CONTRIBUTING.md has no recipe between <!-- recipe: field --> and <!-- /recipe -->")
	}
	var files []string
	for _, m := range namedFile.FindAllStringSubmatch(recipe, -1) {
		files = append(files, m[1])
	}
	slices.Sort(files)
	return files
}

// edit is what the recipe does to a file.
type edit struct {
	path  string // from the project's root; NNNN in it is the next number
	hunks []hunk
}

// hunk is a piece of a file before and after. It is found by its text: numbers of
// lines are none of the recipe's.
type hunk struct{ before, after string }

// readEdits reads edits in the form of a unified diff without numbers of lines.
func readEdits(t *testing.T, path string) (edits []edit) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "+++ "); ok {
			edits = append(edits, edit{path: strings.TrimSpace(name)})
			continue
		}
		e := &edits[len(edits)-1]
		if strings.HasPrefix(line, "@@") {
			e.hunks = append(e.hunks, hunk{})
			continue
		}
		h := &e.hunks[len(e.hunks)-1]
		if line[0] != '+' {
			h.before += line[1:]
		}
		if line[0] != '-' {
			h.after += line[1:]
		}
	}
	return edits
}

// apply makes the edit in the copy.
func (e edit) apply(tree string) error {
	if strings.Contains(e.path, "NNNN") {
		return e.add(tree)
	}
	path := filepath.Join(tree, e.path)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, h := range e.hunks {
		if n := bytes.Count(text, []byte(h.before)); n != 1 {
			return fmt.Errorf("%s has %d times what is to become another, want once:\n%s", e.path, n, h.before)
		}
		text = bytes.Replace(text, []byte(h.before), []byte(h.after), 1)
	}
	return os.WriteFile(path, text, 0o600)
}

// add makes a file, under the number after the newest in its folder.
func (e edit) add(tree string) error {
	dir, name := filepath.Split(filepath.Join(tree, e.path))
	files, err := filepath.Glob(filepath.Join(dir, "[0-9][0-9][0-9][0-9]_*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("%s: its folder has no numbered files (%v)", e.path, err)
	}
	var newest int
	if _, err := fmt.Sscanf(filepath.Base(slices.Max(files)), "%04d_", &newest); err != nil {
		return err
	}
	name = strings.Replace(name, "NNNN", fmt.Sprintf("%04d", newest+1), 1)
	return os.WriteFile(filepath.Join(dir, name), []byte(e.hunks[0].after), 0o600)
}
