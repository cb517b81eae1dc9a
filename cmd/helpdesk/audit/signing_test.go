package audit

import (
	"bytes"
	"strings"
	"testing"

	"helpdesk/mail"
)

func TestACheckpointIsMailed(t *testing.T) {
	composer, err := mail.NewComposer(mail.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	const note = "desk.example.com\n17\nWSEloPoWPr2SCZNHalIlIBjVQp7p8tI1SA2WmnRragU=\n\n— desk.example.com AbCdEf==\n"
	sink := mailSink{mailer: mail.NewMailer(composer, mail.NewConsole(&out)), to: "auditor@example.com"}
	if err := sink.Deliver(t.Context(), []byte(note)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"To: <auditor@example.com>", "Subject: Checkpoint of desk.example.com", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the email lacks %q:\n%s", part, &out)
		}
	}
}
