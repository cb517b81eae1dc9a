package program

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"helpdesk/test/contract"
)

// Client is somebody who talks to the program over HTTP, with their own
// cookies.
type Client struct {
	// URL is where the program is. Somebody who is signed in stays so at another
	// port: cookies know none.
	URL string
	// Fresh makes a connection for every request, so that none is sent on one
	// that the program is just closing for being idle.
	Fresh bool

	http *http.Client
	t    failer // fails where an answer is not as the API's document says
}

// failer is what a Client needs of a test.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// With returns the same client, whose answers fail t where they are not as the
// API's document says.
func (c *Client) With(t failer) *Client {
	copied := *c
	copied.t = t
	return &copied
}

// At returns the same client at another program of the same database.
func (c *Client) At(p *Program) *Client {
	copied := *c
	copied.URL = p.URL
	return &copied
}

// Client returns a client that is not signed in.
func (p *Program) Client(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{URL: p.URL, http: &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: stay}, t: t}
}

// stay makes a redirect an answer like any other, for tests to see.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Answer is a response that was read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body, and fails the test when it is not of v's shape.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("answer %d %s: %v", a.Status, a.Body, err)
	}
}

// Do sends a request; body is sent as JSON, a string or []byte as it is, an
// [io.Reader] as it is and in chunks, nil as no body. header holds names and
// values in turn. An answer that the API's document does not foresee fails the
// test.
func (c *Client) Do(ctx context.Context, method, path string, body any, header ...string) (Answer, error) {
	response, err := c.Begin(ctx, method, path, body, header...)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil {
		c.check(contract.Answer{Method: method, Path: path, Status: response.StatusCode, Header: response.Header, Body: data})
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: data}, err
}

// Begin is Do for an answer that may not end: the caller reads and closes its body.
func (c *Client) Begin(ctx context.Context, method, path string, body any, header ...string) (*http.Response, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = bytes.NewBufferString(b)
	case []byte:
		reader = bytes.NewReader(b)
	case io.Reader:
		reader = struct{ io.Reader }{b} // hides its length
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, reader)
	if err != nil {
		return nil, err
	}
	request.Close = c.Fresh
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return c.http.Do(request)
}

// check holds an answer against the API's document.
func (c *Client) check(a contract.Answer) {
	c.t.Helper()
	document, err := contract.Golden()
	if err == nil {
		err = document.Check(a)
	}
	if err != nil {
		c.t.Errorf("not as the document says: %v\n%.2000q", err, a.Body)
	}
}

// Must sends a request and fails the test when the answer has another status.
func (c *Client) Must(t testing.TB, want int, method, path string, body any, header ...string) Answer {
	t.Helper()
	a, err := c.Do(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.Status != want {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, a.Status, a.Body, want)
	}
	return a
}
