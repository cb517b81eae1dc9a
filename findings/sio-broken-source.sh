#!/bin/sh
# minio/sio v0.4.1: a source that breaks off is sealed as if it had ended.
#
# A reader that cannot read on says io.ErrUnexpectedEOF: the body of an HTTP request does
# whose client went away in the middle. io.Copy, io.ReadAll and bufio hand that error on.
# sio's EncryptReader takes it for the end of the source: it marks what came so far as
# the whole, and ends without an error. The result opens and verifies as a complete
# stream. Any other error of the source is handed on, the same one in a wrapper too.
#
# Who seals an upload with it has to look at the source's own error, or give it other
# words, before the result counts as whole. (Here: attachments/upload.go, "bounded".)
#
# Needs Go and its module proxy. Ends with 0 while this is so.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module broken

go 1.24
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"testing/iotest"

	"github.com/minio/sio"
)

// seal returns what becomes of 100,000 bytes and then an error.
func seal(breaks error) (opened int, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	how := sio.Config{MinVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: key}
	source := io.MultiReader(bytes.NewReader(make([]byte, 100_000)), iotest.ErrReader(breaks))
	r, err := sio.EncryptReader(source, how)
	if err != nil {
		return 0, err
	}
	sealed, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	r, err = sio.DecryptReader(bytes.NewReader(sealed), how)
	if err != nil {
		return 0, err
	}
	plain, err := io.ReadAll(r)
	return len(plain), err
}

func main() {
	n, err := seal(io.ErrUnexpectedEOF)
	fmt.Printf("io.ErrUnexpectedEOF:         opens to %d bytes, error %v\n", n, err)
	_, other := seal(io.ErrClosedPipe)
	fmt.Printf("io.ErrClosedPipe:            error %v\n", other)
	_, wrapped := seal(fmt.Errorf("it broke off: %w", io.ErrUnexpectedEOF))
	fmt.Printf("io.ErrUnexpectedEOF wrapped: error %v\n", wrapped)
	if n != 100_000 || err != nil || !errors.Is(other, io.ErrClosedPipe) || !errors.Is(wrapped, io.ErrUnexpectedEOF) {
		fmt.Println("that is not so any more")
		os.Exit(1)
	}
}
GO
unset GOFLAGS
go get github.com/minio/sio@v0.4.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go run .
