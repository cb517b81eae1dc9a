package clamd_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"helpdesk/attachments/clamd"
	fake "helpdesk/test/clamd"
)

// judge has a daemon look at a file.
func judge(ctx context.Context, d clamd.Daemon, file []byte) (malware string, err error) {
	s, err := d.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if _, err := io.Copy(s, iotest.HalfReader(bytes.NewReader(file))); err != nil {
		return "", err
	}
	return s.Verdict()
}

func TestFilesAreLookedAt(t *testing.T) {
	t.Parallel()
	for network, c := range map[string]struct{ address, url string }{
		"tcp": {"127.0.0.1:0", "clamd://"}, "unix": {filepath.Join(t.TempDir(), "clamd.ctl"), "unix://"},
	} {
		t.Run(network, func(t *testing.T) {
			server := fake.Start(t, network, c.address)
			d, err := clamd.Parse(c.url + server.Addr)
			if err != nil {
				t.Fatal(err)
			}
			large := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
			if malware, err := judge(t.Context(), d, large); malware != "" || err != nil || !bytes.Equal(server.Taken()[0], large) {
				t.Errorf("a file in which nothing is: %q, %v", malware, err)
			}
			if malware, err := judge(t.Context(), d, []byte("so "+fake.Malware+" it is")); malware != fake.Signature || err != nil {
				t.Errorf("a file in which something is: %q, %v", malware, err)
			}
			for _, reply := range []string{"INSTREAM size limit exceeded. ERROR", "stream:  FOUND", "stream: OK, but"} {
				server.Replies(reply)
				if malware, err := judge(t.Context(), d, large); malware != "" || err == nil {
					t.Errorf("%s is taken for %q, %v", reply, malware, err)
				}
			}
			server.Stop()
			if malware, err := judge(t.Context(), d, large); malware != "" || err == nil {
				t.Errorf("without a daemon: %q, %v", malware, err)
			}
		})
	}
}

func TestWhereClamdListens(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"clamd://localhost", "clamd://[::1]:1234", "unix:///run/clamav/clamd.ctl"} {
		if _, err := clamd.Parse(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "clamd://", "http://localhost:3310", "unix://run/clamd.ctl", "clamd://u:p@localhost", "clamd://localhost/x", "clamd://localhost?x=y"} {
		if _, err := clamd.Parse(url); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
