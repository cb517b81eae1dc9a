package attachments

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/attachments"
	"helpdesk/attachments/blobs"
	"helpdesk/attachments/clamd"
	"helpdesk/cmd/helpdesk/config"
)

// settings are what may be attached, and where its bytes are.
type settings struct {
	BlobsURL          string  `split_words:"true" desc:"Where the bytes of attachments are kept: file:///path for a folder that all processes see. Empty: in the database."`
	AttachmentMax     int64   `split_words:"true" within:"1..10995116277760" default:"26214400" desc:"How many bytes a file may have."`
	AttachmentBlocked endings `split_words:"true" default:".exe,.bat,.cmd,.com,.scr,.js,.vbs,.ps1,.msi,.jar,.lnk,.iso" desc:"Endings of names, with commas between them, whose files are not taken, also where another ending follows. Empty: all are."`
	AttachmentScan    string  `split_words:"true" desc:"Where ClamAV's daemon looks for malware in files as they come: clamd://host:3310, or unix:///run/clamav/clamd.ctl. While it is away no file is taken. Its StreamMaxLength must not be below HELPDESK_ATTACHMENT_MAX. Empty: nothing looks."`
}

// looseMost is how many bytes a person may have brought that are attached to nothing yet.
const looseMost = 200 << 20

func (s *settings) limits() attachments.Limits {
	l := attachments.Limits{File: s.AttachmentMax, Loose: max(looseMost, s.AttachmentMax), Blocked: s.AttachmentBlocked}
	if s.AttachmentScan != "" {
		l.Scan = s.scan
	}
	return l
}

// scan begins to look at a file.
func (s *settings) scan(ctx context.Context) (attachments.Scan, error) {
	daemon, err := clamd.Parse(s.AttachmentScan)
	if err != nil { // it was looked at by check
		return nil, err
	}
	return daemon.Begin(ctx)
}

// endings are the last parts of names of files, with their dots.
type endings []string

// Decode reads the setting.
func (e *endings) Decode(text string) error {
	*e = nil
	for ending := range strings.SplitSeq(strings.ToLower(text), ",") {
		if ending = strings.TrimSpace(ending); ending == "" {
			continue
		}
		if !strings.HasPrefix(ending, ".") || len(ending) < 2 || strings.ContainsAny(ending[1:], "./ ") {
			return fmt.Errorf("%q is not an ending such as .exe", ending)
		}
		*e = append(*e, ending)
	}
	return nil
}

func (e endings) String() string { return strings.Join(e, ",") }

func (s *settings) check(config.Config) error {
	if _, err := s.folder(); err != nil {
		return err
	}
	if s.AttachmentScan == "" {
		return nil
	}
	if _, err := clamd.Parse(s.AttachmentScan); err != nil {
		return fmt.Errorf("HELPDESK_ATTACHMENT_SCAN: %q is %w", s.AttachmentScan, err)
	}
	return nil
}

// folder returns the folder that is configured; "": none is.
func (s *settings) folder() (string, error) {
	if s.BlobsURL == "" {
		return "", nil
	}
	u, err := url.Parse(s.BlobsURL)
	if err != nil || u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) || u.RawQuery != "" {
		return "", errors.New("HELPDESK_BLOBS_URL: not a URL such as file:///var/lib/helpdesk/attachments")
	}
	return u.Path, nil
}

// same reports whether other settings name the same store.
func (s *settings) same(other settings) bool {
	mine, _ := s.folder() // both were looked at before
	theirs, _ := other.folder()
	if mine == "" || theirs == "" {
		return mine == theirs
	}
	folder, err := blobs.NewFolder(mine)
	return err == nil && folder.Is(theirs)
}

// store returns the store that is configured.
func (s *settings) store(pool *pgxpool.Pool) (blobs.Store, error) {
	folder, err := s.folder()
	if err != nil || folder == "" {
		return blobs.NewPostgres(pool), err
	}
	store, err := blobs.NewFolder(folder)
	if err != nil {
		return nil, fmt.Errorf("HELPDESK_BLOBS_URL: %w", err)
	}
	return store, nil
}
