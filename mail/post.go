package mail

import (
	"context"

	"helpdesk/domain/letter"
)

// Post puts letters into words and has a transport deliver them.
type Post struct {
	composer  *Composer
	transport Transport
}

// NewPost makes the post.
func NewPost(composer *Composer, transport Transport) *Post {
	return &Post{composer: composer, transport: transport}
}

// Send delivers the letter and calls handOver on the way, as [Transport.Send]
// does. Its error is that of handOver as it is, or a [*letter.Fault]. A letter
// that cannot be put into words is refused: another try would not help.
func (p *Post) Send(ctx context.Context, l letter.Content, handOver func(context.Context) error) error {
	m, err := p.composer.Compose(l)
	if err != nil {
		return &letter.Fault{Verdict: letter.VerdictRefused, Err: err}
	}
	return p.transport.Send(ctx, m, handOver)
}
