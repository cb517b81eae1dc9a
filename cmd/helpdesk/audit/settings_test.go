package audit

import (
	"testing"

	"helpdesk/audit"
	"helpdesk/cmd/helpdesk/config"
)

func TestWhereCheckpointsMayGo(t *testing.T) {
	for value, allowed := range map[string]bool{
		"":                              true,
		"/mnt/worm/desk.txt":            true,
		"checkpoints.txt":               true,
		"https://witness.example.com/d": true,
		"http://127.0.0.1:9000":         true,
		"mailto:auditor@example.com":    true,
		"https:":                        false,
		"https:///desk":                 false,
		"mailto:":                       false,
		"mailto:Ann <ann@example.com>":  false,
		"mailto:auditor":                false,
		"./checkpoints:2026.txt":        true,
		"checkpoints:2026.txt":          false,
		"ftp://witness.example.com":     false,
		"/":                             false,
	} {
		if err := new(sinkTarget).Decode(value); (err == nil) != allowed {
			t.Errorf("%q: got %v, allowed is %v", value, err, allowed)
		}
	}
}

func TestTheLogIsNamedAfterItsAddress(t *testing.T) {
	for url, want := range map[string]string{
		"": "helpdesk", "https://desk.example.com": "desk.example.com", "https://example.com:8443/desk/": "example.com:8443/desk",
	} {
		if got := new(settings).origin(config.Config{PublicURL: url}); got != want || audit.CheckOrigin(got) != nil {
			t.Errorf("%q: got %q, want %q", url, got, want)
		}
	}
	named := settings{AuditOrigin: "desk"}
	if got := named.origin(config.Config{PublicURL: "https://desk.example.com"}); got != "desk" {
		t.Errorf("a name that is set: got %q", got)
	}
}
