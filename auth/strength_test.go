package auth

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
)

func TestCheckStrength(t *testing.T) {
	const (
		short    = "the password needs at least 8 characters"
		long     = "the password may have at most 1024 characters"
		digits   = "the password may not be digits alone"
		repeated = "the password repeats the same few characters"
		run      = "the password is a run of neighbouring characters"
		common   = "the password is one of the most common ones"
		alike    = "the password is too much like the username, the mail address or a name"
		control  = "a password must not contain control characters"
	)
	personal := []string{"brünhild", "Hilda.Wall@example.com", "Al", "O'Brien"}
	tests := []struct {
		name     string
		password string
		want     string // the message; "" for a good password
	}{
		{"a phrase of several words is good", "seven grey herons", ""},
		{"eight characters are enough", "kF3-xw9q", ""},
		{"seven characters are too few", "kF3-xw9", short},
		{"none at all are too few", "", short},
		{"characters count, not bytes", "äöüßéèñ", short},
		{"eight characters of several bytes are enough", "дюжина-я", ""},
		{"1,024 characters are accepted", strings.Repeat("kF3-xw9q ö", 102) + "1234", ""},
		{"1,025 characters are too many", strings.Repeat("kF3-xw9q ö", 102) + "12345", long},
		{"spaces at the ends count", " kF3-xw ", ""},
		{"digits alone are refused however many", "82650917346528", digits},
		{"digits of another script are digits", "٨٢٦٥٠٩١٧", digits},
		{"one character over and over is refused", "eeeeeeeeeee", repeated},
		{"one character in two cases is refused", "eEeEeEeE", repeated},
		{"three characters over and over are refused", "xyqxyqxyqx", repeated},
		{"a word of four twice is refused", "bluebLUE", repeated},
		{"a word of five twice is not", "herongrheron", ""},
		{"the alphabet upwards is refused", "cdefGHIJK", run},
		{"the alphabet downwards is refused", "zyxwvuts", run},
		{"a common password is refused", "qwertyuiop", common},
		{"a common password in capitals is refused", "PassWord1", common},
		{"a common password within a longer one is not", "my-qwertyuiop-9", ""},
		{"the username is refused", "brünhild", alike},
		{"the username in another case is refused", "BRÜNHILD", alike},
		{"a password that contains the username is refused", "xBrünhild99", alike},
		{"the mail address is refused", "hilda.wall@example.com", alike},
		{"a part of the mail address is refused", "wall@example", alike},
		{"the local part of the mail address is refused", "hilda.wall", alike},
		{"a password that contains the local part is refused", "Hilda.Wall#1", alike},
		{"a password that contains a name is refused", "o'brien-heron", alike},
		{"a name under four characters is passed over", "alpine-herons", ""},
		{"NUL is refused", "kF3-xw9q\x00", control},
		{"a line break is refused", "kF3-xw9q\nheron", control},
		{"a control character beyond ASCII is refused", "kF3-xw9q\u0085", control},
		{"bytes that are no UTF-8 are refused", "kF3-xw9q\xff", control},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := CheckStrength(tt.password, personal...)
			var got string
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Fatalf("message (-want +got):\n%s", diff)
			}
			if err == nil {
				return
			}
			wantErr := ErrPasswordWeak
			if tt.want == control {
				wantErr = domain.ErrCharacter
			}
			var refusal *domain.Error
			if !errors.Is(err, wantErr) || !errors.As(err, &refusal) || refusal.Field != "password" {
				t.Errorf("got %#v, want %v on password", err, wantErr)
			}
		})
	}
}

func TestAnEmptyPersonalStringIsPassedOver(t *testing.T) {
	if err := CheckStrength("seven grey herons", "", " ", "@"); err != nil {
		t.Error(err)
	}
}

func TestCommonPasswordsAreOnesNoOtherRuleRefuses(t *testing.T) {
	list := strings.Split(strings.TrimSuffix(commonPasswords, "\n"), "\n")
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("the list is not sorted, or has one twice")
	}
	const want = "the password is one of the most common ones"
	for _, p := range list {
		err := CheckStrength(p)
		if !errors.Is(err, ErrPasswordWeak) || err.Error() != want || p != strings.ToLower(p) {
			t.Errorf("%q: got %v, want %s", p, err, want)
		}
	}
}
