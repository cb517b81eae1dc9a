package eml

import (
	"regexp"
	"strings"
)

// Split returns what is new in a text, and what it quotes of the conversation before, which
// mail programs put below: each says so in words of its own. A text that answers between the
// lines of what it quotes, or below, and one that was forwarded, is new as a whole.
func Split(text string) (fresh, quoted string) {
	lines := strings.Split(text, "\n")
	lastPlain := len(lines) - 1
	for lastPlain >= 0 && !plain(lines[lastPlain]) {
		lastPlain--
	}
	for i := range lines {
		if forwarded.MatchString(lines[i]) {
			return text, ""
		}
		from, ok := history(lines, i)
		if !ok || !onlyHistory(lines, from, lastPlain) {
			continue
		}
		fresh = strings.Trim(strings.Join(lines[:i], "\n"), "\n")
		if strings.TrimSpace(fresh) == "" {
			return text, ""
		}
		return fresh, strings.Trim(strings.Join(lines[i:], "\n"), "\n")
	}
	return text, ""
}

var (
	// forwarded begins a message that is passed on: Gmail, Thunderbird, Apple Mail.
	forwarded = regexp.MustCompile(`(?i)^(-{2,}\s*(forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado)\s*-{2,}|begin forwarded message:)`)

	// wrote ends the line above what is quoted: Gmail, Apple Mail, Thunderbird, Yahoo, Proton,
	// in the languages that most write in.
	wrote = regexp.MustCompile(`(?i)(wrote|schrieb.*|a écrit|escribió|ha scritto|escreveu|schreef.*|skrev.*|napisał.*|kirjoitti)\s*:$`)
	// on begins that line.
	on = regexp.MustCompile(`(?i)^(on|am|le|el|il|em|op|den|w dniu|\d)\b`)

	// original begins it in Outlook and in older Proton.
	original = regexp.MustCompile(`(?i)^-{3,}\s*(original message|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{3,}$`)
	// rule is the line that Outlook on the web puts above the header of what it quotes.
	rule = regexp.MustCompile(`^_{20,}$`)
	// sender and sent are the first lines of that header.
	sender = regexp.MustCompile(`(?i)^\*?(from|von|de|da):\*?\s`)
	sent   = regexp.MustCompile(`(?i)^\*?(sent|date|gesendet|datum|envoyé|enviado|inviato):\*?\s`)
)

// history reports whether what is quoted begins at a line, and where the quoted text itself
// does, behind the words about it.
func history(lines []string, i int) (from int, begins bool) {
	line := strings.TrimSpace(lines[i])
	switch {
	case strings.HasPrefix(line, ">"):
		return i, true
	case original.MatchString(line):
		return i + 1, true
	case rule.MatchString(line):
		return i + 1, headed(lines, i+1)
	case sender.MatchString(line):
		return i, headed(lines, i)
	case on.MatchString(line):
		for n := i; n < min(i+3, len(lines)) && strings.TrimSpace(lines[n]) != ""; n++ { // long lines are wrapped
			if wrote.MatchString(strings.TrimSpace(lines[n])) {
				return n + 1, true
			}
		}
	}
	return i, false
}

// headed reports whether the header of an earlier message stands at a line, after empty ones.
func headed(lines []string, i int) bool {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i+1 < len(lines) && sender.MatchString(strings.TrimSpace(lines[i])) && sent.MatchString(strings.TrimSpace(lines[i+1]))
}

// onlyHistory reports whether lines are quoted from one to the end: all have marks or, where
// the first has none, may have marks of what was quoted in them.
func onlyHistory(lines []string, from, lastPlain int) bool {
	for from < len(lines) && strings.TrimSpace(lines[from]) == "" {
		from++
	}
	return from >= lastPlain || plain(lines[from])
}

// plain reports whether there is something on a line that is not marked as quoted.
func plain(line string) bool { return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, ">") }

// Marked returns quoted lines with the mark of a quotation, those that have it as they are.
func Marked(quoted string) string {
	lines := strings.Split(quoted, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, ">") {
			lines[i] = strings.TrimRight("> "+line, " ")
		}
	}
	return strings.Join(lines, "\n")
}
