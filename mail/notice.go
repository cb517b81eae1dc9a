package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

// Notice is an email to somebody outside the desk, of text alone.
type Notice struct {
	ID      uuid.UUID // its Message-ID is made of it
	To      string    // a mail address without a name
	At      time.Time // its Date
	Subject string
	Text    string
}

// ValidAddress reports whether s is a mail address without a name.
func ValidAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// Notice writes a notice. It fails where the recipient has no valid address.
func (c *Composer) Notice(n Notice) (Message, error) {
	if !ValidAddress(n.To) { // the error would name the address
		return Message{}, errors.New("compose a notice: the recipient's mail address is not valid")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	to := withALabels(n.To)
	c.address(m, mail.Address{Address: to})
	m.Subject(encoded(line(n.Subject, titleMax)))
	m.SetDateWithValue(n.At.UTC())
	m.SetMessageIDWithValue(n.ID.String() + "@" + c.host)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no answer, please
	m.SetBodyString(gomail.TypeTextPlain, n.Text)
	var data bytes.Buffer
	if _, err := m.WriteTo(&data); err != nil {
		return Message{}, fmt.Errorf("compose a notice: %w", err)
	}
	return Message{ID: m.GetMessageID(), From: envelope(c.bounce), To: envelope(to), Data: data.Bytes()}, nil
}
