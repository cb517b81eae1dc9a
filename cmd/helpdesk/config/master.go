package config

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"helpdesk/keyring"
)

// MasterFile returns the path of the master key where none is configured.
func (c Config) MasterFile() string { return filepath.Join(c.DataDir, "keys", "master.key") }

// Master returns the master key that is configured, else that of its file.
func (c Config) Master(log *slog.Logger) (keyring.Master, error) {
	if c.MasterKey != "" {
		master, err := keyring.ParseMaster(c.MasterKey)
		if err != nil {
			return master, fmt.Errorf("HELPDESK_MASTER_KEY: %w", err)
		}
		return master, nil
	}
	master, made, err := keyring.MasterFile(c.MasterFile())
	if made {
		log.Info("made the master key: keep a copy of it apart from backups of the database", "file", c.MasterFile())
	}
	return master, err
}
