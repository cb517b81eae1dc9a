package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
)

// The exchange of RFC 7677 §3.
func TestAVerifierSignsAsTheExampleOfTheRFC(t *testing.T) {
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := scramVerifier("pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(verifier[strings.LastIndex(verifier, "$"):], ":")
	serverKey, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, serverKey)
	h.Write([]byte("n=user,r=rOprNGfwEbeRWgbNEkqO," +
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096," +
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"))
	if got, want := base64.StdEncoding.EncodeToString(h.Sum(nil)), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="; got != want {
		t.Errorf("server signature: got %s, want %s", got, want)
	}
}

func TestADatabaseTakesTheVerifierAsOne(t *testing.T) {
	t.Parallel()
	verifier, err := DatabaseVerifier("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, pgtest.Empty())
	super, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(t.Context())
	login := db.Name + "_login"
	if _, err := super.Exec(t.Context(), `CREATE ROLE `+login+` LOGIN PASSWORD '`+verifier+`'`); err != nil {
		t.Fatal(err)
	}
	defer super.Exec(t.Context(), `DROP ROLE `+login)
	var kept string
	if err := super.QueryRow(t.Context(), `SELECT rolpassword FROM pg_authid WHERE rolname = $1`, login).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept != verifier { // it would be a verifier of the verifier
		t.Errorf("kept as %s, want %s", kept, verifier)
	}
}

func TestAPasswordForTheDatabaseIsLongAndPlain(t *testing.T) {
	for _, password := range []string{"", "short", "eleven char", "this one has an ümlaut", "this has a\ttab in it"} {
		if _, err := DatabaseVerifier(password); err == nil {
			t.Errorf("%q was taken", password)
		}
	}
}
