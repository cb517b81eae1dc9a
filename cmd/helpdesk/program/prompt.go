package program

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Prompter asks for what was not given.
type Prompter struct {
	in       *os.File
	lines    *bufio.Reader
	out      io.Writer
	Terminal bool
}

// NewPrompter returns one that reads in and asks on out.
func NewPrompter(in *os.File, out io.Writer) Prompter {
	return Prompter{in: in, lines: bufio.NewReader(in), out: out, Terminal: term.IsTerminal(int(in.Fd()))}
}

// Line asks for a value that is empty. Without a terminal there is nobody to ask.
func (p Prompter) Line(prompt string, value *string) error {
	if *value != "" {
		return nil
	}
	if !p.Terminal {
		return errors.New("no terminal to ask on: pass --username and --email")
	}
	fmt.Fprint(p.out, prompt)
	return p.Read(value)
}

// Read reads a line.
func (p Prompter) Read(value *string) error {
	text, err := p.lines.ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && text != "") {
		return fmt.Errorf("read standard input: %w", err)
	}
	*value = strings.TrimRight(text, "\r\n")
	return nil
}

// ErrNoPassword is the error of [Prompter.Password] where nobody can give one.
var ErrNoPassword = errors.New("no terminal to ask on: pass the password on standard input")

// Password asks twice on a terminal, and reads a line anywhere else.
func (p Prompter) Password(value *string) error {
	if *value != "" {
		return nil
	}
	if !p.Terminal {
		err := p.Read(value)
		if errors.Is(err, io.EOF) {
			return ErrNoPassword
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
		return errors.New("the passwords do not match; nothing was changed")
	}
	*value = typed[0]
	return nil
}
