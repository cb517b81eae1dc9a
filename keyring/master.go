package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keySize is the size of every key in bytes: AES-256.
const keySize = 32

// Master is the key that wraps the keys of people.
type Master struct{ key [keySize]byte }

// ErrMaster is the error for a master key that is none.
var ErrMaster = errors.New("a master key is 32 bytes in base64, as `openssl rand -base64 32` prints them")

// ParseMaster reads a master key as [Master.String] writes it; white space
// around it does not matter.
func ParseMaster(s string) (Master, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(raw) != keySize {
		return Master{}, ErrMaster
	}
	return Master{key: [keySize]byte(raw)}, nil
}

// String returns the key in base64. It is the secret itself.
func (m Master) String() string { return base64.StdEncoding.EncodeToString(m.key[:]) }

// Fingerprint returns what master keys are told apart by. It reveals nothing else of them.
func (m Master) Fingerprint() string {
	sum := sha256.Sum256(append([]byte("helpdesk master key\n"), m.key[:]...))
	return hex.EncodeToString(sum[:8])
}

// MasterFile reads the master key from a file, which it makes with a new key
// where there is none: readable by its owner alone, durable, and whole even
// when two processes make it at once. made reports whether it did.
func MasterFile(path string) (m Master, made bool, err error) {
	m, err = LoadMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, false, err
	}
	if made, err = makeMaster(path); err != nil {
		return Master{}, false, fmt.Errorf("make the master key: %w", err)
	}
	m, err = LoadMaster(path)
	return m, made, err
}

// LoadMaster reads the master key from a file: [fs.ErrNotExist] where there is none.
func LoadMaster(path string) (Master, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Master{}, fmt.Errorf("read the master key: %w", err)
	}
	m, err := ParseMaster(string(text))
	if err != nil {
		return Master{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// makeMaster makes the file unless another process was first.
func makeMaster(path string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "master-*") // mode 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(tmp.Name())
	var m Master
	rand.Read(m.key[:]) // never fails: crypto/rand
	_, err = tmp.WriteString(m.String() + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return false, err
	}
	// A link, unlike a rename, never takes the place of another's key.
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// newAEAD returns AES-256-GCM under key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// wrap returns key as it is stored: nonce and ciphertext, bound to the person.
func (m Master) wrap(person, key []byte) ([]byte, error) {
	aead, err := newAEAD(m.key[:])
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, key, person), nil
}

func (m Master) unwrap(person, wrapped []byte) ([]byte, error) {
	aead, err := newAEAD(m.key[:])
	if err != nil {
		return nil, err
	}
	if len(wrapped) < aead.NonceSize() {
		return nil, errors.New("the wrapped key is too short")
	}
	return aead.Open(nil, wrapped[:aead.NonceSize()], wrapped[aead.NonceSize():], person)
}
