// Package words holds what people read in the project against docs/glossary.md: one
// word a thing. It looks at the site's texts, the command line's, the API's document,
// the docs, log messages and errors, and doc comments.
package words

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helpdesk/test/prose"
)

const root = "../../"

// rule is a word that is not used, and what is.
type rule struct {
	not *regexp.Regexp
	use string
}

func ruleOf(not, use string) rule { return rule{regexp.MustCompile(not), use} }

// rules are of any text.
var rules = []rule{
	ruleOf(`(?i)\b(a|the|no|this|each|every|which|of|by|with|new|their|its|all|some|more|about|sends?|sent|queued?) letters?\b`, "email, email notification"),
	ruleOf(`(?i)\bletters (to|about|of a ticket|that|are|were|is)\b`, "emails, email notifications"),
	ruleOf(`(?i)\bpost office\b|\bmailroom\b`, "sender"),
	ruleOf(`\b(un)?park(s|ed|ing)?\b|\bParked\b`, "fail, failed, dead-lettered"),
	ruleOf(`(?i)\b(the|a|rings? (the|a)) bell\b`, "notifier, wake"),
	ruleOf(`(?i)\bnotes? among staff\b`, "internal note"),
	ruleOf(`(?i)\bwant(s|ed)? work\b`, "is active"),
	ruleOf(`\bprojectors?\b|\bProjectors\b`, "projection"),
	ruleOf(`(?i)\btellers?\b`, "what describes an event"),
	ruleOf(`(?i)\bclaimants?\b`, "worker"),
	ruleOf(`(?i)\b(kept|next) tables\b|\btables (beside|that were kept)\b`, "previous tables, staging tables"),
}

// alphabet is where letters are those of an alphabet.
var alphabet = regexp.MustCompile(`(?i)is a letter( and then|\.)|letters?,? (and|or) digits|knows the letters of`)

// docRule is of a doc comment: "Name answers …" at its beginning, "… and answers …".
var docRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z_.0-9]*(?: and [A-Za-z_]+)? (answers?|says?|tells?)\b|\b(It|and) answers\b`)

// shownRules are of what users and programs read, beside rules.
var shownRules = []rule{
	ruleOf(`(?i)\bread models?\b`, "projection"),
}

// exempt is what was written before the words were settled and stays as it is: history,
// applied migrations, stored forms, and this list.
var exempt = regexp.MustCompile(`^(docs/decisions/|docs/glossary\.md|CHANGELOG\.md|migrations/00(0|1|2|3|4|5|60|61|62|63|64|65|66)|test/words/|auth/common_passwords|.*/testdata/|testdata/|LICENSE|go\.sum|test/clients/package)`)

// files are all files of the checkout with one of the extensions.
func files(t *testing.T, extensions ...string) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSuffix(name, "\n")
		for _, extension := range extensions {
			if path.Ext(name) == extension && !exempt.MatchString(name) && !strings.HasSuffix(name, "_templ.go") {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("no files of %v", extensions)
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(root + name)
	if os.IsNotExist(err) { // removed, and not committed yet
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check fails for each word of a text that is not used.
func check(t *testing.T, where, text string, more ...rule) {
	t.Helper()
	text = alphabet.ReplaceAllString(text, "")
	for _, r := range slices.Concat(more, rules) {
		if found := r.not.FindString(text); found != "" {
			t.Errorf("%s: %q is not one of our words: %s (docs/glossary.md)", where, found, r.use)
		}
	}
}

func TestTextsUseTheWordsOfTheGlossary(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, ".templ", ".md", ".js", ".sql", ".txt", ".html", ".yaml") {
		n := 0
		for line := range bytes.Lines(read(t, name)) {
			n++
			if path.Ext(name) == ".templ" {
				check(t, fmt.Sprintf("%s:%d", name, n), string(line), shownRules...)
			} else {
				check(t, fmt.Sprintf("%s:%d", name, n), string(line))
			}
		}
	}
}

// TestProseIsWrapped looks at the docs: rows of tables, headings and code may be longer.
func TestProseIsWrapped(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, ".md") {
		text := string(read(t, name))
		wrapped := strings.Split(prose.Wrap(text), "\n")
		for i, line := range strings.Split(text, "\n") {
			if i >= len(wrapped) || line != wrapped[i] {
				t.Errorf("%s:%d: longer than %d characters", name, i+1, prose.Width)
				break
			}
		}
	}
}

func TestTheDocumentUsesTheWordsOfTheGlossary(t *testing.T) {
	t.Parallel()
	n, name := 0, documentFile(t)
	for line := range bytes.Lines(read(t, name)) {
		n++
		check(t, fmt.Sprintf("%s:%d", name, n), string(line), shownRules...)
	}
}

// documentFile is the golden file of the API's document.
func documentFile(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "httpapi/**openapi.json", "httpapi/testdata/openapi.json")
	list.Dir = root
	out, err := list.Output()
	name, _, ok := strings.Cut(string(out), "\n")
	if err != nil || !ok {
		t.Fatalf("no golden openapi.json below httpapi: %v", err)
	}
	return name
}

// TestGoUsesTheWordsOfTheGlossary looks at comments and at strings with a space in them:
// help texts, errors, log messages.
func TestGoUsesTheWordsOfTheGlossary(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, ".go") {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, read(t, name), parser.ParseComments)
		if err != nil {
			continue // removed, or the compiler's to say
		}
		at := func(pos token.Pos) string { return fmt.Sprintf("%s:%d", name, set.Position(pos).Line) }
		for _, group := range file.Comments {
			for _, comment := range group.List {
				check(t, at(comment.Pos()), comment.Text)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING && strings.Contains(s.Value, " ") {
				check(t, at(s.Pos()), s.Value)
			}
			if doc := docOf(n); doc != nil {
				if verb := docRule.FindString(strings.TrimPrefix(doc.Text(), "Deprecated: ")); verb != "" {
					t.Errorf("%s: %q: a doc comment has returns, reports, is", at(doc.Pos()), verb)
				}
			}
			return true
		})
	}
}

// docOf returns the doc comment of a declaration, nil for what has none.
func docOf(n ast.Node) *ast.CommentGroup {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Doc
	case *ast.GenDecl:
		return n.Doc
	case *ast.TypeSpec:
		return n.Doc
	case *ast.Field:
		return n.Doc
	case *ast.ValueSpec:
		return n.Doc
	}
	return nil
}
