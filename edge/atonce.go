package edge

import (
	"context"
	"sync"

	"helpdesk/domain/user"
)

// AtOnce counts what each person has under way, of which they may have so many at the
// same time. It is safe for concurrent use.
type AtOnce struct {
	most int
	mu   sync.Mutex
	of   map[user.ID]int
}

// NewAtOnce lets each person have at most so many.
func NewAtOnce(most int) *AtOnce { return &AtOnce{most: most, of: map[user.ID]int{}} }

// Enter counts one more of a person's until leave is called or ctx ends, and reports
// whether they may have it.
func (a *AtOnce) Enter(ctx context.Context, who user.ID) (leave func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[who] >= a.most {
		return nil, false
	}
	a.of[who]++
	leave = sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.of[who]--; a.of[who] == 0 {
			delete(a.of, who)
		}
	})
	context.AfterFunc(ctx, leave)
	return leave, true
}
