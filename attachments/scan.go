package attachments

import (
	"context"
	"fmt"
	"io"

	"helpdesk/domain/ticket"
)

// look returns the reader of a file that is looked at as it is read.
func look(ctx context.Context, begin func(context.Context) (Scan, error), r io.Reader) (*looked, error) {
	if begin == nil {
		return &looked{r: r}, nil
	}
	scan, err := begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoScan, err)
	}
	return &looked{r: r, scan: scan}, nil
}

// looked is a file that is looked at as it is read.
type looked struct {
	r    io.Reader
	scan Scan // nil: nothing looks at it
}

// Read implements [io.Reader].
func (l *looked) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.scan == nil || n == 0 {
		return n, err
	}
	if _, unseen := l.scan.Write(p[:n]); unseen != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoScan, unseen)
	}
	return n, err
}

// clean reports whether something looked at the file, which was read to its end. Its error
// is [ticket.Infected] where it found malware, and [ErrNoScan] where it could not look.
func (l *looked) clean() (bool, error) {
	if l.scan == nil {
		return false, nil
	}
	malware, err := l.scan.Verdict()
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrNoScan, err)
	case malware != "":
		return false, ticket.Infected{Malware: malware}
	}
	return true, nil
}

// Close implements [io.Closer].
func (l *looked) Close() error {
	if l.scan == nil {
		return nil
	}
	return l.scan.Close()
}
