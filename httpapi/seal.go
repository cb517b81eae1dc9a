package httpapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// A secret that an answer shows once must not lie in a table until the answer
// is forgotten. So the stored copy is encrypted with AES-256-GCM under a key
// made from the credential the caller came with, a session's or an API token's,
// of which the service keeps a hash alone: who reads the database cannot open
// it, and who repeats the call with the same credential can.

const sealKeySize = 32

// errNoSeal: what was sealed is another credential's, or was altered.
var errNoSeal = errors.New("the seal does not open")

// sealer makes the cipher of the call's credential.
func (t *attempt) sealer() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(t.credential), t.command[:], "helpdesk stored answer", sealKeySize)
	if err != nil { // sizes that are constants
		panic(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// seal encrypts body for the call's credential.
func (t *attempt) seal(body []byte) []byte {
	aead := t.sealer()
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return aead.Seal(nonce, nonce, body, nil)
}

// unseal opens what seal made: errNoSeal for another credential.
func (t *attempt) unseal(sealed []byte) ([]byte, error) {
	aead := t.sealer()
	if len(sealed) < aead.NonceSize() {
		return nil, errNoSeal
	}
	body, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, errNoSeal
	}
	return body, nil
}
