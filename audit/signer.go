package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// Why a checkpoint is not signed.
var (
	// ErrOtherKey: the database names another key as the log's.
	ErrOtherKey = errors.New("the signing key here is not the one that the database records as the log's; nothing is signed. " +
		"Put that key in its place, or make a new one the log's with \"helpdesk audit key --new\"")
	// ErrShrunk: the tree is smaller than one that was signed before.
	ErrShrunk = errors.New("the tree is smaller than one that was signed before: events are gone; nothing is signed")
	// ErrForked: the tree has not grown out of the one signed last.
	ErrForked = errors.New("the tree has not grown out of the one that was signed before: it was altered; nothing is signed")
)

// SignerConfig is where a signer has its key from.
type SignerConfig struct {
	Dir     Dir    // for the key and the file of checkpoints
	KeyFile string // of a key that is given; "": the one in Dir
	Origin  string // name of the log, for a key that is still to be made
	// Every is the shortest time between two checkpoints. Default 1 s.
	Every  time.Duration
	Logger *slog.Logger // default [slog.Default]
	// Signed, when not nil, is called after each checkpoint; it must not block.
	Signed func()
}

// Signer signs a checkpoint whenever the tree has grown. Any number of processes
// may have one: those without the log's key do not sign.
type Signer struct {
	pool   *pgxpool.Pool
	config SignerConfig
	key    *Key // nil until it was needed
	signed atomic.Int64
	said   string    // of the last trouble, to say it once
	saidAt time.Time // and again after a while
}

// NewSigner makes a signer over a pool, from which it takes one connection.
func NewSigner(pool *pgxpool.Pool, config SignerConfig) *Signer {
	if config.Every == 0 {
		config.Every = time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Signer{pool: pool, config: config}
}

// signPoll is how often the tree is looked at when nobody says that it has grown.
const signPoll = 15 * time.Second

// Run signs until ctx ends. grown wakes it.
func (s *Signer) Run(ctx context.Context, grown <-chan struct{}) error {
	for {
		if err := s.Sign(ctx); ctx.Err() == nil {
			s.tell(err)
		}
		pause := time.NewTimer(s.config.Every)
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		poll := time.NewTimer(signPoll)
		select {
		case <-ctx.Done():
			poll.Stop()
			return nil
		case <-grown:
		case <-poll.C:
		}
		poll.Stop()
	}
}

// tell logs what keeps the signer from signing: at once, and every minute.
func (s *Signer) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == s.said && (err == nil || time.Since(s.saidAt) < time.Minute) {
		return
	}
	first := text != s.said
	s.said, s.saidAt = text, time.Now()
	switch {
	case err == nil:
		s.config.Logger.Info("checkpoints of the log can be signed again")
	case errors.Is(err, ErrNoKey):
		if first {
			s.config.Logger.Info("this process has no key to sign checkpoints of the log with; one that has it does")
		}
	default:
		s.config.Logger.Error("no checkpoint of the log can be signed", "error", err)
	}
}

// Signed returns the size of the newest tree this process knows to be signed.
func (s *Signer) Signed() int64 { return s.signed.Load() }

// standing is what the database knows of the tree and its present key.
type standing struct {
	treeSize int64
	keyID    int32
	vkey     string
	size     int64
	note     *string
}

const (
	standingSQL = `SELECT (` + treeSizeSQL + `), id, vkey, size, checkpoint FROM audit.keys ORDER BY id DESC LIMIT 1`

	publishSQL = `UPDATE audit.keys SET size = $2, checkpoint = $3, signed_at = clock_timestamp() WHERE id = $1 AND size < $2`
)

func readStanding(ctx context.Context, q querier, suffix string) (s standing, err error) {
	err = q.QueryRow(ctx, standingSQL+suffix).Scan(&s.treeSize, &s.keyID, &s.vkey, &s.size, &s.note)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("read what was signed: %w", err)
	}
	return s, err
}

// Sign signs a checkpoint if the tree has grown since the last. It returns
// [ErrNoKey], [ErrOtherKey], [ErrShrunk], [ErrForked], or the trouble of the
// database or the disk; after each of them nothing was signed.
func (s *Signer) Sign(ctx context.Context) error {
	before, err := readStanding(ctx, s.pool, "")
	if errors.Is(err, pgx.ErrNoRows) {
		if s.key, err = Adopt(ctx, s.pool, s.config); err == nil {
			before, err = readStanding(ctx, s.pool, "")
		}
	}
	if err != nil {
		return err
	}
	if err := s.haveKey(before.vkey); err != nil {
		return err
	}
	last, err := s.last()
	if err != nil {
		return err
	}
	if before.treeSize == before.size && before.size == last.Size {
		s.signed.Store(last.Size)
		return nil // looking writes nothing, and a lock would
	}
	var done Checkpoint
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		done, err = s.sign(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.signed.Store(done.Size)
	if s.config.Signed != nil {
		s.config.Signed()
	}
	return nil
}

// haveKey sees to it that the key at hand is the log's.
func (s *Signer) haveKey(vkey string) (err error) {
	if s.key == nil || s.key.vkey != vkey {
		if s.key, err = s.config.Dir.LoadKey(s.config.KeyFile); err != nil {
			return err
		}
	}
	if s.key.vkey != vkey {
		return ErrOtherKey
	}
	return nil
}

// last returns the newest checkpoint of the file, one without size for none.
func (s *Signer) last() (Checkpoint, error) {
	text, err := newestIn(s.config.Dir.Checkpoints())
	if err != nil || text == nil {
		return Checkpoint{}, err
	}
	c, err := openCheckpoint(text, []note.Verifier{s.key.verifier})
	if err != nil {
		err = fmt.Errorf("%s: %w", s.config.Dir.Checkpoints(), err)
	}
	return c, err
}

// sign does the work of Sign. The row of the key is locked, so that processes
// that share the key take turns.
func (s *Signer) sign(ctx context.Context, tx pgx.Tx) (c Checkpoint, err error) {
	now, err := readStanding(ctx, tx, ` FOR UPDATE`)
	if err != nil {
		return c, err
	}
	if err := s.haveKey(now.vkey); err != nil {
		return c, err
	}
	last, err := s.last()
	if err != nil {
		return c, err
	}
	t, err := loadTree(ctx, tx)
	if err != nil {
		return c, err
	}
	root, err := t.root()
	if err != nil {
		return c, err
	}
	published := Checkpoint{}
	if now.note != nil {
		if published, err = openCheckpoint([]byte(*now.note), []note.Verifier{s.key.verifier}); err != nil {
			return c, fmt.Errorf("the checkpoint in the database: %w", err)
		}
	}
	for _, earlier := range []Checkpoint{last, published} {
		if err := grownFrom(ctx, newNodes(tx), earlier, t.size(), root); err != nil {
			return c, err
		}
	}
	size := int64(t.size())
	switch {
	case size == 0 || size == published.Size:
		return published, nil
	case size == last.Size:
		c = last // signed, and then the database was away
	default:
		if c, err = signCheckpoint(size, root, s.key.signer); err != nil {
			return c, err
		}
		if err := appendNote(s.config.Dir.Checkpoints(), c.Note); err != nil {
			return c, fmt.Errorf("keep a checkpoint: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, publishSQL, now.keyID, c.Size, string(c.Note)); err != nil {
		return c, fmt.Errorf("publish a checkpoint: %w", err)
	}
	return c, nil
}

// grownFrom checks that the tree of a size and root has grown out of that of an
// earlier checkpoint.
func grownFrom(ctx context.Context, n *nodes, earlier Checkpoint, size uint64, root []byte) error {
	from := uint64(earlier.Size)
	if from > size {
		return fmt.Errorf("%w (size %d, signed %d)", ErrShrunk, size, from)
	}
	if from == 0 {
		return nil
	}
	hashes, err := n.consistency(ctx, from, size)
	if err == nil {
		err = proof.VerifyConsistency(rfc6962.DefaultHasher, from, size, hashes, earlier.Root, root)
	} else if !errors.Is(err, errEdge) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w (size %d, signed %d): %w", ErrForked, size, from, err)
	}
	return nil
}

// keyLock keeps two processes from making a log's first key at once.
const keyLock = 7_205_759_404

// Adopt returns the key that is to sign: the log's, or, where the database
// records none yet, the one at hand or a new one, which it then records. It
// returns [ErrNoKey] where the log's key is not here.
func Adopt(ctx context.Context, pool *pgxpool.Pool, config SignerConfig) (key *Key, err error) {
	err = underKeyLock(ctx, pool, func(tx pgx.Tx) error {
		s, err := readStanding(ctx, tx, "")
		recorded := !errors.Is(err, pgx.ErrNoRows)
		if err != nil && recorded {
			return err
		}
		key, err = config.Dir.LoadKey(config.KeyFile)
		if errors.Is(err, ErrNoKey) && !recorded {
			key, err = config.Dir.MakeKey(config.Origin)
		}
		switch {
		case err != nil:
			return err
		case !recorded:
			return record(ctx, tx, key)
		case s.vkey != key.vkey:
			return ErrOtherKey
		}
		return nil
	})
	return key, err
}

// Renew makes a new key the log's. What was signed so far, and the former key,
// stay in the folder under names of their own; a new line of checkpoints begins.
func Renew(ctx context.Context, pool *pgxpool.Pool, dir Dir, origin string) (key *Key, err error) {
	err = underKeyLock(ctx, pool, func(tx pgx.Tx) error {
		if key, err = dir.MakeKey(origin); err != nil {
			return err
		}
		return record(ctx, tx, key)
	})
	return key, err
}

func underKeyLock(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, keyLock); err != nil {
			return fmt.Errorf("take the lock on the log's key: %w", err)
		}
		return do(tx)
	})
}

func record(ctx context.Context, tx pgx.Tx, key *Key) error {
	if _, err := tx.Exec(ctx, `INSERT INTO audit.keys (vkey) VALUES ($1)`, key.vkey); err != nil {
		return fmt.Errorf("record the log's key: %w", err)
	}
	return nil
}
