package mail

import (
	"context"

	"helpdesk/domain/email"
)

// Post puts emails into words and has a transport deliver them.
type Post struct {
	composer  *Composer
	transport Transport
}

// NewPost makes the post.
func NewPost(composer *Composer, transport Transport) *Post {
	return &Post{composer: composer, transport: transport}
}

// Send delivers the email and calls handOver on the way, as [Transport.Send]
// does. Its error is that of handOver as it is, or a [*email.Fault]. An email
// that cannot be put into words is refused: another try would not help.
func (p *Post) Send(ctx context.Context, l email.Content, handOver func(context.Context) error) error {
	m, err := p.composer.Compose(l)
	if err != nil {
		return &email.Fault{Verdict: email.VerdictRefused, Err: err}
	}
	return p.transport.Send(ctx, m, handOver)
}
