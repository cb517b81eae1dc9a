package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Sizes of a SCRAM-SHA-256 verifier, as Postgres makes them.
const (
	scramIterations = 4096
	scramSalt       = 16 // bytes
)

// databasePasswordMin is the shortest password a login for the database may have.
const databasePasswordMin = 12

// DatabaseVerifier returns what Postgres keeps of a password, made here so that
// the password itself never comes near the server or its log: the SCRAM-SHA-256
// form of pg_authid.rolpassword (RFC 5802, RFC 7677). The password must be at
// least 12 printable characters of ASCII: others are prepared in ways that
// clients differ in.
func DatabaseVerifier(password string) (string, error) {
	if len(password) < databasePasswordMin {
		return "", fmt.Errorf("the password must have at least %d characters", databasePasswordMin)
	}
	for _, c := range []byte(password) {
		if c < ' ' || c > '~' {
			return "", errors.New("the password may have printable characters of ASCII only")
		}
	}
	salt := make([]byte, scramSalt)
	rand.Read(salt) // never fails, says its documentation
	return scramVerifier(password, salt, scramIterations)
}

// scramVerifier is RFC 5802 §3: what a server has to know of a password.
func scramVerifier(password string, salt []byte, iterations int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive a key from the password: %w", err)
	}
	keyed := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(keyed("Server Key"))), nil
}
