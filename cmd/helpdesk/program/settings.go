package program

import (
	"errors"
	"io"
	"log/slog"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/mail"
)

// Load reads the environment: the settings of the program, which it returns, and
// those of its modules, each into its own. Its error is one line that names the
// variable and what would do. unknown are the variables in environ that look like
// settings and are none.
func (m Modules) Load(environ []string) (c config.Config, unknown []string, err error) {
	all := append([]any{&c}, m.Settings()...)
	for _, settings := range all {
		if err := config.Read(settings); err != nil {
			return c, nil, err
		}
	}
	if err := c.Check(); err != nil {
		return c, nil, err
	}
	for _, module := range m {
		if module.Check == nil {
			continue
		}
		if err := module.Check(c); err != nil {
			return c, nil, err
		}
	}
	return c, config.Unknown(environ, all...), nil
}

// Settings returns the structs of the modules' settings.
func (m Modules) Settings() []any {
	var all []any
	for _, module := range m {
		if module.Settings != nil {
			all = append(all, module.Settings)
		}
	}
	return all
}

// Mailer returns what sends emails: over the mail server that is configured, else
// to out.
func (m Modules) Mailer(c config.Config, out io.Writer, log *slog.Logger) (*mail.Mailer, error) {
	for _, module := range m {
		if module.Mailer != nil {
			return module.Mailer(c, out, log)
		}
	}
	return nil, errors.New("no module sends emails")
}
