package httpapi

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/idempotency"
)

func TestEveryAttemptMakesTheSameID(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 121_000_000, time.UTC)
	call := func(command string) *attempt {
		t := &attempt{held: &idempotency.Claim{At: at}}
		t.command = uuid.NewSHA1(commandNamespace, []byte(command))
		return t
	}
	id := call("a").newID()
	if again := call("a").newID(); again != id || id == call("b").newID() {
		t.Errorf("%s and %s for one command", id, again)
	}
	seconds, nanoseconds := id.Time().UnixTime()
	if id.Version() != 7 || id.Variant() != uuid.RFC4122 || !time.Unix(seconds, nanoseconds).Equal(at) {
		t.Errorf("%s is no UUIDv7 of %v", id, at)
	}
}

func TestOnlyTheSameCredentialOpensASeal(t *testing.T) {
	call := func(credential, command string) *attempt {
		t := &attempt{credential: credential}
		t.command = uuid.NewSHA1(commandNamespace, []byte(command))
		return t
	}
	sealed := call("ours", "a").seal([]byte("hd_secret"))
	if text := hex.EncodeToString(sealed); len(sealed) < 28 || string(sealed) == "hd_secret" {
		t.Errorf("sealed as %s", text)
	}
	if body, err := call("ours", "a").unseal(sealed); err != nil || string(body) != "hd_secret" {
		t.Errorf("got %q, %v", body, err)
	}
	for _, c := range []*attempt{call("theirs", "a"), call("ours", "b"), call("", "a")} {
		if body, err := c.unseal(sealed); err == nil {
			t.Errorf("another opened it: %q", body)
		}
	}
	if _, err := call("ours", "a").unseal(sealed[:5]); !errors.Is(err, errNoSeal) {
		t.Errorf("a piece of it: %v", err)
	}
}
