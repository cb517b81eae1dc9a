package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"helpdesk/audit"
	"helpdesk/mail"
)

// AuditDir is the folder of the audit log's key and checkpoints.
func (c Config) AuditDir() audit.Dir { return audit.Dir(filepath.Join(c.DataDir, "audit")) }

// Origin returns the name that a new key of the log gets.
func (c Config) Origin() string {
	if c.AuditOrigin != "" {
		return c.AuditOrigin
	}
	return audit.Origin(c.PublicURL)
}

// sinkTarget is where checkpoints go, as a setting.
type sinkTarget string

// Decode reads the setting.
func (t *sinkTarget) Decode(s string) error {
	*t = sinkTarget(s)
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && (scheme == "https" || scheme == "http"):
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return errors.New("use an address such as https://witness.example.com/desk")
		}
	case ok && scheme == "mailto":
		if !mail.ValidAddress(rest) {
			return errors.New("use an address such as mailto:auditor@example.com")
		}
	}
	return nil
}
