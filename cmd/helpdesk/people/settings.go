package people

import (
	"fmt"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/config"
)

// settings are read by createsuperuser alone.
type settings struct {
	SuperuserPassword string `split_words:"true" desc:"Password for createsuperuser, instead of a prompt."`
}

func (s *settings) check(config.Config) error {
	if s.SuperuserPassword == "" {
		return nil
	}
	if err := auth.CheckStrength(s.SuperuserPassword); err != nil {
		return fmt.Errorf("HELPDESK_SUPERUSER_PASSWORD: %s", err) // without the value
	}
	return nil
}
