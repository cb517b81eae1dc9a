package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"helpdesk/keyring"
)

// MasterFile returns the path of the master key where none is configured.
func (c Config) MasterFile() string { return filepath.Join(c.DataDir, "keys", "master.key") }

// Master returns the master key that is configured, else that of its file.
func (c Config) Master() (keyring.Master, error) {
	if c.MasterKey != "" {
		master, err := keyring.ParseMaster(c.MasterKey)
		if err != nil {
			return master, fmt.Errorf("HELPDESK_MASTER_KEY: %w", err)
		}
		return master, nil
	}
	master, err := keyring.LoadMaster(c.MasterFile())
	if errors.Is(err, fs.ErrNotExist) {
		return master, fmt.Errorf("HELPDESK_DATA_DIR: there is no master key in %s: set it to the folder of the service, "+
			`or HELPDESK_MASTER_KEY; for a new database "helpdesk serve" makes one`, filepath.Dir(c.MasterFile()))
	}
	return master, err
}

// MakeMaster returns the master key as [Config.Master] does, and makes its file
// where there is none.
func (c Config) MakeMaster(log *slog.Logger) (keyring.Master, error) {
	if c.MasterKey != "" {
		return c.Master()
	}
	master, made, err := keyring.MasterFile(c.MasterFile())
	if made {
		log.Info("made the master key: keep a copy of it apart from backups of the database", "file", c.MasterFile())
	}
	return master, err
}
