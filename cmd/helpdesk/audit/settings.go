package audit

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"helpdesk/audit"
	"helpdesk/cmd/helpdesk/config"
	"helpdesk/mail"
)

// settings are how the log is signed, and who is given its checkpoints.
type settings struct {
	AuditKey           string      `split_words:"true" desc:"File with the key that checkpoints of the log are signed with. Empty: audit/log.key in HELPDESK_DATA_DIR, made by the first worker."`
	AuditOrigin        string      `split_words:"true" desc:"Name of the log in its checkpoints, for a key that is still to be made. Empty: host and path of HELPDESK_PUBLIC_URL, else helpdesk."`
	CheckpointSink     sinkTarget  `split_words:"true" desc:"Outside witness that is given checkpoints of the log: path of a file, https:// address to post them to, or mailto: address. Empty: none."`
	CheckpointInterval config.Span `split_words:"true" within:"1s..8784h" default:"1h" desc:"Shortest time between two checkpoints that the outside witness is given."`
}

func (s *settings) check(config.Config) error {
	if s.AuditOrigin != "" {
		if err := audit.CheckOrigin(s.AuditOrigin); err != nil {
			return fmt.Errorf("HELPDESK_AUDIT_ORIGIN: %w", err)
		}
	}
	if err := config.CheckFile(s.AuditKey); err != nil && s.AuditKey != "" {
		return config.NotAllowed("HELPDESK_AUDIT_KEY", s.AuditKey, err)
	}
	return nil
}

// origin returns the name that a new key of the log gets.
func (s *settings) origin(c config.Config) string {
	if s.AuditOrigin != "" {
		return s.AuditOrigin
	}
	return audit.Origin(c.PublicURL)
}

// dirOf returns the folder of the audit log's key and checkpoints.
func dirOf(c config.Config) audit.Dir { return audit.Dir(filepath.Join(c.DataDir, "audit")) }

// sinkTarget is where checkpoints go, as a setting.
type sinkTarget string

// Decode reads the setting.
func (t *sinkTarget) Decode(s string) error {
	*t = sinkTarget(s)
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && (scheme == "https" || scheme == "http"):
		if u, err := url.Parse(s); err != nil || u.Hostname() == "" || u.Fragment != "" {
			return errors.New("use an address such as https://witness.example.com/desk")
		}
		return nil
	case ok && scheme == "mailto":
		if !mail.ValidAddress(rest) {
			return errors.New("use an address such as mailto:auditor@example.com")
		}
		return nil
	case ok && !strings.Contains(scheme, "/"):
		return errors.New("use https:// or mailto:, or the path of a file; one with a colon begins with ./")
	case s == "":
		return nil
	}
	return config.CheckFile(s)
}
