package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// Dir is the folder of a process for what must not be in the database.
type Dir string

// Files of a [Dir].
const (
	keyFile         = "log.key"     // the signing key, mode 0600
	vkeyFile        = "log.vkey"    // its verifier keys, one a line, the present one last
	checkpointsFile = "checkpoints" // all that was signed with the present key
	deliveredFile   = "delivered"   // the checkpoint the outside witness has
)

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }

// Checkpoints returns the path of the file of checkpoints.
func (d Dir) Checkpoints() string { return d.path(checkpointsFile) }

// Key is the log's signing key.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
	vkey     string
}

// VKey returns the key that others verify with, as signed notes write it.
func (k *Key) VKey() string { return k.vkey }

// Origin returns the log's name, which is the key's.
func (k *Key) Origin() string { return k.signer.Name() }

// ErrNoKey: there is no key where one was looked for.
var ErrNoKey = errors.New("there is no signing key here")

// Origin makes the log's default name of the address that clients reach the
// service at; "helpdesk" for "".
func Origin(publicURL string) string {
	u, err := url.Parse(publicURL)
	if publicURL == "" || err != nil || u.Host == "" {
		return "helpdesk"
	}
	return strings.TrimSuffix(u.Host+u.EscapedPath(), "/")
}

// CheckOrigin refuses what cannot be the name of a key (C2SP signed-note).
func CheckOrigin(origin string) error {
	if origin == "" || strings.Contains(origin, "+") || strings.ContainsFunc(origin, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return fmt.Errorf("%q cannot name a log: no spaces and no plus sign, as in desk.example.com", origin)
	}
	return nil
}

// LoadKey reads the key of a file, or with "" that of the folder. It returns
// [ErrNoKey] where the folder has none.
func (d Dir) LoadKey(file string) (*Key, error) {
	given := file != ""
	if !given {
		file = d.path(keyFile)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && !given {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	key, err := parseKey(string(bytes.TrimSpace(text)))
	if err != nil {
		return nil, fmt.Errorf("%s holds no signing key such as PRIVATE+KEY+name+…", file) // never quote it
	}
	return key, d.publish(key)
}

func parseKey(skey string) (*Key, error) {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	k := &Key{signer: signer}
	if k.vkey, err = vkeyOf(skey); err != nil {
		return nil, err
	}
	k.verifier, err = note.NewVerifier(k.vkey)
	return k, err
}

// MakeKey makes a key for a log of that name and puts it into the folder. A key
// that is there already, and what was signed with it, is kept beside it under
// names of its own.
func (d Dir) MakeKey(origin string) (*Key, error) {
	if err := CheckOrigin(origin); err != nil {
		return nil, err
	}
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	key, err := parseKey(skey)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the audit log: %w", err)
	}
	suffix := time.Now().UTC().Format(".20060102T150405.000000Z")
	for _, name := range []string{keyFile, checkpointsFile, deliveredFile} {
		if err := os.Rename(d.path(name), d.path(name+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("put the former key aside: %w", err)
		}
	}
	if err := writeWhole(d.path(keyFile), []byte(skey+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the signing key: %w", err)
	}
	return key, d.publish(key)
}

// VKeys returns the verifier keys that the folder knows, the present one last.
func (d Dir) VKeys() ([]string, error) {
	text, err := os.ReadFile(d.path(vkeyFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return strings.Fields(string(text)), err
}

// publish writes the key's public half beside it, after those before it.
func (d Dir) publish(key *Key) error {
	known, err := d.VKeys()
	if err != nil {
		return fmt.Errorf("read the verifier keys: %w", err)
	}
	if n := len(known); n > 0 && known[n-1] == key.vkey {
		return nil
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("make the folder of the audit log: %w", err)
	}
	text := strings.Join(append(known, key.vkey), "\n") + "\n"
	if err := writeWhole(d.path(vkeyFile), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the verifier key: %w", err)
	}
	return nil
}

// Verifiers reads verifier keys.
func Verifiers(vkeys []string) ([]note.Verifier, error) {
	var all []note.Verifier
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("%q is no verifier key such as desk.example.com+0123abcd+…", vkey)
		}
		all = append(all, v)
	}
	return all, nil
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(name string, data []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".part", name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes what was renamed in a folder outlast a crash.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// vkeyOf returns the public half of a signing key that is in order.
func vkeyOf(skey string) (string, error) {
	parts := strings.SplitN(skey, "+", 5) // PRIVATE+KEY+name+hash+key, of which the last may hold more of them
	if len(parts) != 5 {
		return "", ErrNoKey
	}
	secret, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(secret) != 1+ed25519.SeedSize {
		return "", ErrNoKey
	}
	public, _ := ed25519.NewKeyFromSeed(secret[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}
