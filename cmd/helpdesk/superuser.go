package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

func createSuperuserCommand() *cobra.Command {
	var username, email string
	cmd := &cobra.Command{
		Use:   "createsuperuser",
		Short: "Make an admin",
		Long: `Makes an admin. The password is asked for; where there is no terminal it is the
first line of standard input, or HELPDESK_SUPERUSER_PASSWORD.

It works while the service runs, and also when it does not.`,
		Example: "  helpdesk createsuperuser --username alice --email alice@example.com",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), func(ctx context.Context, c Config, db *database) error {
				ask := newPrompter(os.Stdin, cmd.ErrOrStderr())
				register := user.Register{By: user.By{Actor: domain.System()}, Username: username, Email: email, Role: domain.RoleAdmin}
				if err := ask.line("Username: ", &register.Username); err != nil {
					return err
				}
				if err := ask.line("Mail address: ", &register.Email); err != nil {
					return err
				}
				if _, err := user.Decide(user.State{}, register); err != nil {
					return err // before anybody types a password
				}
				password := c.SuperuserPassword
				if err := ask.password(&password); err != nil {
					return err
				}
				if err := createSuperuser(ctx, c, db, register, password); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is an admin now.\n", register.Username)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&username, "username", "", "name to sign in with")
	cmd.Flags().StringVar(&email, "email", "", "mail address")
	return cmd
}

// createSuperuser registers an admin in the name of the service.
func createSuperuser(ctx context.Context, c Config, db *database, register user.Register, password string) error {
	if err := auth.CheckStrength(password, register.Username, register.Email); err != nil {
		return err
	}
	pool, err := db.connect(ctx, "helpdesk createsuperuser", 4)
	if err != nil {
		return err
	}
	defer pool.Close()
	hasher, err := c.hasher()
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	signals := eventstore.NewSignals(pool, eventstore.NewBell(), nil)
	store := eventstore.New(pool, eventstore.NewCodec(), signals.Appended)
	defer store.Close()
	people := commands.NewPeople(store, auth.NewAccounts(pool, hasher))
	r := commands.Request{CorrelationID: "createsuperuser"}
	if _, err := people.Register(ctx, r, user.ID{UUID: id}, register, hash); err != nil {
		return err
	}
	return signals.Tell(ctx) // a running service shows the admin at once
}

// prompter asks for what was not given.
type prompter struct {
	in       *os.File
	lines    *bufio.Reader
	out      io.Writer
	terminal bool
}

func newPrompter(in *os.File, out io.Writer) prompter {
	return prompter{in: in, lines: bufio.NewReader(in), out: out, terminal: term.IsTerminal(int(in.Fd()))}
}

// line asks for a value that is empty. Without a terminal there is nobody to ask.
func (p prompter) line(prompt string, value *string) error {
	if *value != "" {
		return nil
	}
	if !p.terminal {
		return errors.New("give --username and --email: there is no terminal to ask on")
	}
	fmt.Fprint(p.out, prompt)
	return p.read(value)
}

func (p prompter) read(value *string) error {
	text, err := p.lines.ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && text != "") {
		return fmt.Errorf("read standard input: %w", err)
	}
	*value = strings.TrimRight(text, "\r\n")
	return nil
}

// password asks twice on a terminal, and reads a line anywhere else.
func (p prompter) password(value *string) error {
	if *value != "" {
		return nil
	}
	if !p.terminal {
		err := p.read(value)
		if errors.Is(err, io.EOF) {
			return errors.New("give the password on standard input or in HELPDESK_SUPERUSER_PASSWORD: there is no terminal to ask on")
		}
		return err
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Password again: "} {
		fmt.Fprint(p.out, prompt)
		text, err := term.ReadPassword(int(p.in.Fd()))
		fmt.Fprintln(p.out)
		if err != nil {
			return fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return errors.New("the two passwords differ; nothing was changed")
	}
	*value = typed[0]
	return nil
}
