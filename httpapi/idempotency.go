package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/idempotency"
)

// Answers keeps what was answered to requests with an Idempotency-Key; see
// [idempotency.Store].
type Answers interface {
	Claim(ctx context.Context, commandID uuid.UUID, fingerprint string) (idempotency.Claim, error)
	TakeOver(ctx context.Context, commandID uuid.UUID, c idempotency.Claim) (idempotency.Claim, error)
	Finish(ctx context.Context, commandID uuid.UUID, c idempotency.Claim, a idempotency.Answer) (bool, error)
	Release(ctx context.Context, commandID uuid.UUID, c idempotency.Claim, unsure bool) error
}

// Earlier tells what commands led to that were carried out before; see
// [commands.Earlier].
type Earlier interface {
	Outcome(ctx context.Context, commandID uuid.UUID) (commands.Outcome, error)
}

// Refusals of an Idempotency-Key.
var (
	errKeyReused = &domain.Error{
		Kind: domain.KindRejected, Code: "idempotency_key_reused",
		Message: "another request with this idempotency key had another body",
	}
	errKeyRunning = &domain.Error{
		Kind: domain.KindConflict, Code: "idempotency_key_running",
		Message: "a request with this idempotency key is still being carried out",
	}
	errKeySealed = &domain.Error{
		Kind: domain.KindConflict, Code: "idempotency_key_sealed",
		Message: "the answer holds a secret and is shown only to the session that it was made for",
	}
)

// What ends a call before its handler.
var (
	errReplayed = errors.New("the call was answered before")
	errCarried  = errors.New("the call was carried out before and has nothing to show")
)

const (
	// replayWait is how long a repeat waits for the first answer (API.md
	// "Idempotency"), and replayPoll how often it looks.
	replayWait = 2 * time.Second
	replayPoll = 20 * time.Millisecond
	// settleWait bounds the storing of an answer, which goes on when the client
	// has gone.
	settleWait = 5 * time.Second
)

// replayedHeaders are those of an answer that a repeat gets too. Cookies are
// not among them.
var replayedHeaders = []string{"Content-Type", "Location", "ETag", "Event-Position", "Preference-Applied"}

// claim makes the call, whose body was found in order, the one that is carried
// out under its key. It answers errReplayed when there is an answer already,
// then in c.replay, and refuses a key that is used for something else or still
// at work after two seconds.
func (c *Call) claim(ctx context.Context, body []byte) error {
	if c.command.ID == uuid.Nil {
		return nil
	}
	fingerprint, err := c.fingerprint(ctx, body)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, replayWait)
	defer cancel()
	look := time.NewTicker(replayPoll)
	defer look.Stop()
	for compared := false; ; {
		held, err := c.api.Answers.Claim(ctx, c.command.ID, fingerprint)
		if err != nil {
			return err
		}
		if !held.Mine() && !compared {
			if err := c.compare(ctx, body, held.Fingerprint); err != nil {
				return err
			}
			compared = true // one argon2id is enough
		}
		if held.Free {
			if held, err = c.api.Answers.TakeOver(ctx, c.command.ID, held); err != nil {
				return err
			}
		}
		switch {
		case held.Mine():
			c.held = &held
			return c.skip(ctx)
		case held.Answer != nil:
			c.replay = held.Answer
			return errReplayed
		}
		select {
		case <-look.C:
		case <-waiting.Done():
			return errKeyRunning
		}
	}
}

// skip ends a call with nothing to show that an earlier attempt carried out.
// Its handler would find that done already and refuse it: a ticket deleted, a
// password changed.
func (c *Call) skip(ctx context.Context) error {
	if !c.held.Again || reflect.TypeOf(c.route.Handler.Out) != reflect.TypeFor[Empty]() {
		return nil
	}
	out, err := c.api.Earlier.Outcome(ctx, c.command.ID)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err == nil {
		c.setPosition(out.Position)
		err = errCarried
	}
	return err
}

// fingerprint returns what is stored of a body to know it again. A fast hash of
// a password could be searched for, hence the hash passwords have.
func (c *Call) fingerprint(ctx context.Context, body []byte) (string, error) {
	if c.route.binder.secret {
		return c.api.Passwords.Hash(ctx, digest(body))
	}
	return digest(body), nil
}

// compare returns errKeyReused when the stored fingerprint is not of this body.
func (c *Call) compare(ctx context.Context, body []byte, stored string) error {
	same := stored == digest(body)
	if c.route.binder.secret {
		var err error
		if same, err = c.api.Passwords.Verify(ctx, digest(body), stored); err != nil {
			return err
		}
	}
	if !same {
		return errKeyReused
	}
	return nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// repeated returns what an earlier attempt at this call led to, in place of
// [commands.ErrRepeated]. A key whose first attempt is forgotten keeps it.
func (c *Call) repeated(ctx context.Context) (commands.Outcome, error) {
	if c.held == nil || !c.held.Again {
		return commands.Outcome{}, commands.ErrRepeated
	}
	out, err := c.api.Earlier.Outcome(ctx, c.command.ID)
	if err == nil {
		c.header.Set("Idempotency-Replayed", "true")
	}
	return out, err
}

// newID makes the id of something new: its beginning is the time, which keeps
// new rows together. Under an idempotency key every attempt makes the same, so
// that one which takes over from another finds what that one made.
func (c *Call) newID() uuid.UUID {
	if c.held == nil {
		return newID()
	}
	var id uuid.UUID // RFC 9562 §5.7: version 7, the random part made from the command
	sum := sha256.Sum256(append([]byte("new"), c.command.ID[:]...))
	copy(id[6:], sum[:])
	for i, ms := 5, c.held.At.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	id[6], id[8] = id[6]&0x0F|0x70, id[8]&0x3F|0x80
	return id
}

// settle stores the answer of a call under its key, where the contract says so,
// and lets the key go otherwise. It answers what is to be sent.
func (c *Call) settle(ctx context.Context, r reply) reply {
	if c.held == nil {
		return r
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	held := *c.held
	c.held = nil
	if unsure := c.unsure || r.status >= http.StatusInternalServerError; unsure || !replayable(r.status) {
		if err := c.api.Answers.Release(ctx, c.command.ID, held, unsure); err != nil {
			c.unsettled(ctx, err)
		}
		return r
	}
	answer := idempotency.Answer{Status: r.status, Header: map[string]string{}, Body: r.body}
	for _, name := range replayedHeaders {
		if value := c.header.Get(name); value != "" {
			answer.Header[name] = value
		}
	}
	if r.mediaType != "" {
		answer.Header["Content-Type"] = r.mediaType
	}
	if c.route.Secret && r.status < http.StatusBadRequest {
		answer.Body, answer.Sealed = c.seal(r.body), true
	}
	stored, err := c.api.Answers.Finish(ctx, c.command.ID, held, answer)
	switch {
	case err != nil: // carried out all the same: a repeat will find that
		c.unsettled(ctx, err)
	case !stored:
		return c.api.problem(ctx, c, errKeyRunning) // another attempt answers for it
	}
	return r
}

// abandon lets go of the key of a call that panicked.
func (c *Call) abandon(ctx context.Context) {
	c.settle(ctx, reply{status: http.StatusInternalServerError})
}

func (c *Call) unsettled(ctx context.Context, err error) {
	c.api.Log.LogAttrs(ctx, slog.LevelWarn, "the answer to an idempotency key was not stored",
		slog.String("request_id", c.ID), slog.Any("error", err))
}

// replayable reports whether answers of the status are stored (API.md
// "Idempotency").
func replayable(status int) bool {
	return status/100 == 2 || slices.Contains([]int{
		http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity,
	}, status)
}

// replayed returns the stored answer once more.
func (c *Call) replayed(ctx context.Context) reply {
	stored := c.replay
	r := reply{status: stored.Status, body: stored.Body}
	if stored.Sealed {
		body, err := c.unseal(stored.Body)
		if err != nil {
			return c.api.problem(ctx, c, errKeySealed)
		}
		r.body = body
	}
	for name, value := range stored.Header {
		c.header.Set(name, value)
	}
	r.mediaType = stored.Header["Content-Type"]
	c.header.Set("Idempotency-Replayed", "true")
	return r
}

// commandNamespace separates the ids made from idempotency keys from all
// other derived ids.
var commandNamespace = uuid.MustParse("6f1d5b1e-6a0c-5c57-9f43-2f2c1b9a7d10")
