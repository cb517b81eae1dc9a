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
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/httpapi/problem"
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

// ErrKeyReused refuses an Idempotency-Key that another body came with before.
var ErrKeyReused = &domain.Error{
	Kind: domain.KindRejected, Code: "idempotency_key_reused",
	Message: "this idempotency key was used with another body: use a new key",
}

// Refusals of an Idempotency-Key.
var (
	errKeyRunning = &domain.Error{
		Kind: domain.KindConflict, Code: "idempotency_key_running",
		Message: "a request with this idempotency key is still being carried out",
	}
	errKeySealed = &domain.Error{
		Kind: domain.KindConflict, Code: "idempotency_key_sealed",
		Message: "the answer holds a secret and is shown only to the session that it was made for",
	}
)

// errForgotten refuses a key whose answer is forgotten and whose command is not.
var errForgotten = &problem.Refusal{
	Status: http.StatusConflict, Code: commands.ErrRepeated.Code, Detail: commands.ErrRepeated.Message,
}

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
	// lateWait bounds it where the call has taken its time already: the lease of its
	// key runs out by itself.
	lateWait = 250 * time.Millisecond
)

// replayedHeaders are those of an answer that a repeat gets too. Cookies are
// not among them.
var replayedHeaders = []string{"Content-Type", "Location", "ETag", "Event-Position", "Preference-Applied"}

// attempt is the attempt at a call that is made under an Idempotency-Key.
type attempt struct {
	call       *Call
	command    uuid.UUID           // id of what the call carries out; zero: there is no key
	credential string              // what the caller proved themselves with; "" for nobody
	held       *idempotency.Claim  // on the key; nil: none
	replay     *idempotency.Answer // the stored answer, when there is one
	left       *idempotency.Left   // what the call left, once it was carried out
	unsure     bool                // whether a repeat may come to another answer, whatever the status
}

// claim makes the call, whose body was found in order, the one that is carried
// out under its key. It returns errReplayed when there is an answer already,
// then in t.replay, and refuses a key that is used for something else or still
// at work after two seconds.
func (t *attempt) claim(ctx context.Context, body []byte) error {
	if t.command == uuid.Nil {
		return nil
	}
	fingerprint, err := t.fingerprint(ctx, body)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, replayWait)
	defer cancel()
	look := time.NewTicker(replayPoll)
	defer look.Stop()
	for compared := false; ; {
		held, err := t.call.api.Answers.Claim(ctx, t.command, fingerprint)
		if err != nil {
			return err
		}
		if !held.Mine() && !compared {
			if err := t.compare(ctx, body, held.Fingerprint); err != nil {
				return err
			}
			compared = true // one argon2id is enough
		}
		if held.Free {
			if held, err = t.call.api.Answers.TakeOver(ctx, t.command, held); err != nil {
				return err
			}
		}
		switch {
		case held.Mine():
			t.held = &held
			return t.skip(ctx)
		case held.Answer != nil:
			t.replay = held.Answer
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
func (t *attempt) skip(ctx context.Context) error {
	if !t.held.Again || reflect.TypeOf(t.call.route.Handler.Out) != reflect.TypeFor[Empty]() {
		return nil
	}
	out, err := t.call.api.App.Earlier.Outcome(ctx, t.command)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err == nil {
		t.call.setPosition(out.Position)
		err = errCarried
	}
	return err
}

// fingerprint returns what is stored of a body to know it again. A fast hash of
// a password could be searched for, hence the hash passwords have.
func (t *attempt) fingerprint(ctx context.Context, body []byte) (string, error) {
	if t.call.route.binder.Secret() {
		return t.call.api.Passwords.Hash(ctx, digest(body))
	}
	return digest(body), nil
}

// compare returns ErrKeyReused when the stored fingerprint is not of this body.
func (t *attempt) compare(ctx context.Context, body []byte, stored string) error {
	same := stored == digest(body)
	if t.call.route.binder.Secret() {
		var err error
		if same, err = t.call.api.Passwords.Verify(ctx, digest(body), stored); err != nil {
			return err
		}
	}
	if !same {
		return ErrKeyReused
	}
	return nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// again reports whether an attempt with the key came before.
func (t *attempt) again() bool { return t.held != nil && t.held.Again }

// operation is the command id of the operation with that number of a bulk call.
func (t *attempt) operation(number int) uuid.UUID {
	if t.command == uuid.Nil {
		return uuid.Nil
	}
	return uuid.NewSHA1(t.command, []byte(strconv.Itoa(number)))
}

// newID makes the id of something new: its beginning is the time, which keeps
// new rows together. Under an idempotency key every attempt makes the same, so
// that one which takes over from another finds what that one made.
func (t *attempt) newID() uuid.UUID {
	if t.held == nil {
		return uuid.Must(uuid.NewV7())
	}
	var id uuid.UUID // RFC 9562 §5.7: version 7, the random part made from the command
	sum := sha256.Sum256(append([]byte("new"), t.command[:]...))
	copy(id[6:], sum[:])
	for i, ms := 5, t.held.At.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	id[6], id[8] = id[6]&0x0F|0x70, id[8]&0x3F|0x80
	return id
}

// settle stores the answer of a call under its key, where the contract says so,
// and lets the key go otherwise. It returns what is to be sent.
func (t *attempt) settle(ctx context.Context, r reply) reply {
	if t.held == nil {
		return r
	}
	wait := settleWait
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		wait = lateWait
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	held := *t.held
	t.held = nil
	if unsure := t.unsure || r.status >= http.StatusInternalServerError; unsure || !replayable(r.status) {
		if err := t.call.api.Answers.Release(ctx, t.command, held, unsure); err != nil {
			t.unsettled(ctx, err)
		}
		return r
	}
	answer := idempotency.Answer{Status: r.status, Header: map[string]string{}, Body: r.body}
	for _, name := range replayedHeaders {
		if value := t.call.Header.Get(name); value != "" {
			answer.Header[name] = value
		}
	}
	if r.mediaType != "" {
		answer.Header["Content-Type"] = r.mediaType
	}
	if t.call.route.Secret && r.status < http.StatusBadRequest {
		answer.Body, answer.Sealed = t.seal(r.body), true
	}
	if t.call.route.Again != nil && r.status < http.StatusBadRequest {
		answer.Body, answer.Left = nil, t.left
	}
	stored, err := t.call.api.Answers.Finish(ctx, t.command, held, answer)
	switch {
	case err != nil: // carried out all the same: a repeat will find that
		t.unsettled(ctx, err)
	case !stored:
		return t.call.api.problem(ctx, t.call, errKeyRunning) // another attempt answers for it
	}
	return r
}

// abandon lets go of the key of a call that panicked.
func (t *attempt) abandon(ctx context.Context) {
	t.settle(ctx, reply{status: http.StatusInternalServerError})
}

func (t *attempt) unsettled(ctx context.Context, err error) {
	t.call.api.Log.LogAttrs(ctx, slog.LevelWarn, "the answer to an idempotency key was not stored",
		slog.String("request_id", t.call.ID), slog.Any("error", err))
}

// replayable reports whether answers of the status are stored (API.md
// "Idempotency").
func replayable(status int) bool {
	return status/100 == 2 || slices.Contains([]int{
		http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity,
	}, status)
}

// replayed is the stored answer once more.
func (t *attempt) replayed(ctx context.Context) reply {
	stored := t.replay
	r := reply{status: stored.Status, body: stored.Body}
	switch {
	case stored.Sealed:
		body, err := t.unseal(stored.Body)
		if err != nil {
			return t.call.api.problem(ctx, t.call, errKeySealed)
		}
		r.body = body
	case t.remakes() && stored.Status < http.StatusBadRequest:
		out, err := t.remade(ctx)
		if err != nil {
			return t.call.api.problem(ctx, t.call, err)
		}
		if r, err = t.call.api.encode(stored.Status, out); err != nil {
			return t.call.api.problem(ctx, t.call, err)
		}
	}
	for name, value := range stored.Header {
		t.call.Header.Set(name, value)
	}
	r.mediaType = stored.Header["Content-Type"]
	t.call.Header.Set("Idempotency-Replayed", "true")
	return r
}

// remakes reports whether the answer of the call is made once more for a repeat.
func (t *attempt) remakes() bool { return t.call.route.Again != nil || t.call.handler.again != nil }

// remade returns the answer of a call made once more.
func (t *attempt) remade(ctx context.Context) (any, error) {
	if again := t.call.handler.again; again != nil {
		return again(ctx, t.call, t.replay.Body)
	}
	earlier := t.call.api.App.Earlier
	var out commands.Outcome
	var err error
	if left := t.replay.Left; left != nil {
		out, err = earlier.At(ctx, left.StreamID, left.Version)
	} else if out, err = earlier.Outcome(ctx, t.command); errors.Is(err, domain.ErrNotFound) {
		err = errForgotten // an older program stored the texts of what changed nothing
	}
	if err != nil {
		return nil, err
	}
	if made := t.replay.Header["Location"]; made != "" {
		t.call.Header.Set("Location", made)
	}
	return t.call.route.Again(ctx, t.call, out)
}

// commandNamespace separates the ids made from idempotency keys from all
// other derived ids.
var commandNamespace = uuid.MustParse("6f1d5b1e-6a0c-5c57-9f43-2f2c1b9a7d10")
