#!/bin/sh
# wneessen/go-mail v0.8.1: a boundary that is set is that of every multipart in the message.
#
# Msg.SetBoundary (and WithBoundary) is for who wants the same bytes each time, as tests and
# signatures do. A message with a text, its HTML and a file is a multipart/mixed around a
# multipart/alternative. Both then have the one boundary, which no reader can tell apart: as
# RFC 2046 §5.1.2 has it, the first line of the inner one ends the outer one's first part.
# Go's mime/multipart reads a part that fails, then the two texts beside it, and no file.
# Nothing is returned as an error, and with texts alone, or a file and one text, all is well.
#
# Who sets a boundary has to write the outer multipart themselves. (Here: mail/enclose.go.)
#
# Needs Go and its module proxy. Ends with 0 while this is so.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module boundary

go 1.24
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// parts returns the types of the parts of a message of two texts and a file, and how many
// boundaries it names; what Go's reader says where it fails is among them.
func parts(options ...gomail.MsgOption) (types []string, boundaries int) {
	m := gomail.NewMsg(options...)
	if err := m.From("a@example.com"); err != nil {
		panic(err)
	}
	if err := m.To("b@example.com"); err != nil {
		panic(err)
	}
	m.Subject("Both")
	m.SetBodyString(gomail.TypeTextPlain, "text")
	m.AddAlternativeString(gomail.TypeTextHTML, "<p>text</p>")
	if err := m.AttachReader("file.txt", strings.NewReader("file")); err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		panic(err)
	}
	named := map[string]bool{}
	for _, rest := range strings.Split(out.String(), "boundary=")[1:] {
		named[strings.Fields(rest)[0]] = true
	}
	read, err := mail.ReadMessage(&out)
	if err != nil {
		panic(err)
	}
	return walk(read.Header.Get("Content-Type"), read.Body), len(named)
}

func walk(contentType string, body io.Reader) (types []string) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return []string{err.Error()}
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return []string{kind}
	}
	r := multipart.NewReader(body, params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return types
		}
		if err != nil {
			return append(types, "fails")
		}
		types = append(types, walk(p.Header.Get("Content-Type"), p)...)
	}
}

func main() {
	free, two := parts()
	set, one := parts(gomail.WithBoundary("fixed"))
	fmt.Println("without a boundary:", two, free)
	fmt.Println("with one:", one, set)
	if two != 2 || strings.Join(free, " ") != "text/plain text/html text/plain" {
		fmt.Println("the usual message is not what it was")
		os.Exit(1)
	}
	if one != 1 || strings.Join(set, " ") == strings.Join(free, " ") {
		fmt.Println("a boundary that is set is no longer that of all")
		os.Exit(1)
	}
}
GO
unset GOFLAGS
go get github.com/wneessen/go-mail@v0.8.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go run .
