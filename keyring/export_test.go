package keyring

import "time"

// Later puts the ring's clock forward.
func (r *Ring) Later(d time.Duration) {
	now := r.now
	r.now = func() time.Time { return now().Add(d) }
}
