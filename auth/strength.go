package auth

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"helpdesk/domain"
)

// Shortest and longest password, in characters (NIST SP 800-63B §5.1.1.2 asks
// for at least 8, and to accept 64 or more).
const (
	PasswordMin = 8
	PasswordMax = 1024
)

// ErrPasswordWeak has in its message what is wrong with the password.
var ErrPasswordWeak = &domain.Error{
	Kind: domain.KindRejected, Code: "password_too_weak",
	Message: "the password is too easy to guess", Field: "password",
}

// likeFrom is the length in characters from which a personal string counts: a
// shorter one is in too many good passwords by chance.
const likeFrom = 4

// longestUnit is the length in characters up to which a repeated unit makes
// the whole password trivial.
const longestUnit = 4

// commonPasswords holds one a line, in lower case; none that another rule of
// [CheckStrength] refuses.
//
//go:embed common_passwords.txt
var commonPasswords string

// CheckStrength refuses a password that is easily guessed with
// [ErrPasswordWeak], and one with control characters with
// [domain.ErrCharacter]. personal are strings an attacker would try first:
// username, mail address, names; those under 4 characters are passed over.
// Case makes no difference.
func CheckStrength(password string, personal ...string) error {
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return domain.ErrCharacter.With("a password must not contain control characters").On(ErrPasswordWeak.Field)
	}
	switch n := utf8.RuneCountInString(password); {
	case n < PasswordMin:
		return ErrPasswordWeak.With("the password needs at least %d characters", PasswordMin)
	case n > PasswordMax:
		return ErrPasswordWeak.With("the password may have at most %d characters", PasswordMax)
	}
	lower := strings.ToLower(password)
	switch {
	case !strings.ContainsFunc(lower, func(r rune) bool { return !unicode.IsDigit(r) }):
		return ErrPasswordWeak.With("the password may not be digits alone")
	case repeats([]rune(lower)):
		return ErrPasswordWeak.With("the password repeats the same few characters")
	case runs([]rune(lower)):
		return ErrPasswordWeak.With("the password is a run of neighbouring characters")
	case strings.Contains("\n"+commonPasswords, "\n"+lower+"\n"): // it has no line break: refused above
		return ErrPasswordWeak.With("the password is one of the most common ones")
	case like(lower, personal):
		return ErrPasswordWeak.With("the password is too much like the username, the mail address or a name")
	}
	return nil
}

// repeats reports whether s is a unit of at most longestUnit characters over
// and over.
func repeats(s []rune) bool {
	for unit := 1; unit <= longestUnit; unit++ {
		if string(s[unit:]) == string(s[:len(s)-unit]) {
			return true
		}
	}
	return false
}

// runs reports whether each character of s is the next one after the one
// before, or each the one before that: "abcdefgh", "hgfedcba".
func runs(s []rune) bool {
	step := s[1] - s[0]
	if step != 1 && step != -1 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i]-s[i-1] != step {
			return false
		}
	}
	return true
}

// like reports whether password, in lower case, holds a personal string or is
// part of one. Of a mail address the part before the @ counts by itself.
func like(password string, personal []string) bool {
	for _, p := range personal {
		p = strings.ToLower(strings.TrimSpace(p))
		if p != "" && strings.Contains(p, password) {
			return true
		}
		local, _, _ := strings.Cut(p, "@")
		for _, part := range []string{p, local} {
			if utf8.RuneCountInString(part) >= likeFrom && strings.Contains(password, part) {
				return true
			}
		}
	}
	return false
}
