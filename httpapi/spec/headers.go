package spec

import "github.com/swaggest/openapi-go/openapi31"

const (
	parametersAt = "#/components/parameters/"
	headersAt    = "#/components/headers/"
)

// header is a header of requests or of answers: a text, unless it is a number.
type header struct {
	name, about string
	number      bool
	pattern     string
	example     any
}

// requestHeaders are those that calls understand.
var requestHeaders = []header{
	{name: "X-Request-Id", about: "Names the request in answers, logs and events; made when it is left out.", example: "checkout-42"},
	{name: "If-Match", about: "Entity tags of the versions the write is meant for, or *. Others are 412.", example: `"3"`},
	{name: "If-None-Match", about: "Entity tags the client holds, or *. Where one is current the answer is 304.", example: `"3"`},
	{name: "Idempotency-Key", about: "A repeat with the same key does not act again.", pattern: `^[\x21-\x7E]{1,255}$`, example: "order-4711"},
	{name: "Min-Event-Position", about: "Wait until what is read has come so far in the log, at most two seconds; else 503.", number: true, example: 17},
	{name: "Range", about: "Which bytes to answer, one range (RFC 9110 §14).", example: "bytes=0-1023"},
	{name: "Prefer", about: "respond-async: answer once it is written, which is what every call does.", example: "respond-async"},
}

// answerHeaders are those that answers carry.
var answerHeaders = []header{
	{name: "X-Request-Id", about: "The request's name, taken or made.", example: "checkout-42"},
	{name: "ETag", about: "The version of what is answered.", example: `"3"`},
	{name: "Event-Position", about: "Where the log stood once this was written.", number: true, example: 17},
	{name: "Projection-Position", about: "How old what is answered is, where an operator holds what it is read from: no event beyond this position is in it.", number: true, example: 17},
	{name: "Preference-Applied", about: "The preference that was followed.", example: "respond-async"},
	{name: "Idempotency-Replayed", about: "true: this is the first answer again.", example: "true"},
	{name: "Location", about: "The address of what was made.", example: "/api/tickets/0197c2a4-8f00-7000-8000-000000000001/"},
	{name: "Link", about: "The pages before and after, rel prev and next (RFC 8288); of an answer of the past what is now, rel original.", example: `<https://desk.example.com/api/tickets/?cursor=abc>; rel="next"`},
	{name: "Memento-Datetime", about: "Of when in the past the answer is (RFC 7089).", example: "Sat, 31 Jan 2026 12:00:00 GMT"},
	{name: "Accept-Ranges", about: "bytes: a part can be asked for.", example: "bytes"},
	{name: "Content-Range", about: "Which bytes these are, of how many.", example: "bytes 0-1023/48213"},
	{name: "Content-Security-Policy", about: "Keeps a browser that shows it from running anything.", example: "sandbox; default-src 'none'"},
	{name: "Set-Cookie", about: "The session's cookie, or its end.", example: "helpdesk_session=abc; Path=/; HttpOnly; SameSite=Lax"},
	{name: "RateLimit-Limit", about: "How many calls a minute the caller has.", number: true, example: 1200},
	{name: "RateLimit-Remaining", about: "How many of them are left.", number: true, example: 1199},
	{name: "RateLimit-Reset", about: "In how many seconds all of them are there again.", number: true, example: 1},
	{name: "Retry-After", about: "In how many seconds it is worth trying again.", number: true, example: 1},
	{name: "WWW-Authenticate", about: "How to say who is calling.", example: `Session realm="helpdesk"`},
}

func (h header) schema() map[string]any {
	if h.number {
		return map[string]any{"type": "integer", "format": "int64", "minimum": 0, "examples": []any{h.example}}
	}
	schema := map[string]any{"type": "string", "examples": []any{h.example}}
	if h.pattern != "" {
		schema["pattern"] = h.pattern
	}
	return schema
}

// addHeaders makes the components that calls refer to for their headers.
func (d *Document) addHeaders() {
	components := d.SpecEns().ComponentsEns()
	for _, h := range requestHeaders {
		p := &openapi31.Parameter{Name: h.name, In: openapi31.ParameterInHeader, Schema: h.schema()}
		p.WithDescription(h.about)
		components.WithParametersItem(h.name, openapi31.ParameterOrReference{Parameter: p})
	}
	for _, h := range answerHeaders {
		header := &openapi31.Header{Schema: h.schema()}
		header.WithDescription(h.about)
		components.WithHeadersItem(h.name, openapi31.HeaderOrReference{Header: header})
	}
}

func refParameter(name string) openapi31.ParameterOrReference {
	return openapi31.ParameterOrReference{Reference: &openapi31.Reference{Ref: parametersAt + name}}
}

func refHeaders(names ...string) map[string]openapi31.HeaderOrReference {
	all := map[string]openapi31.HeaderOrReference{}
	for _, name := range names {
		all[name] = openapi31.HeaderOrReference{Reference: &openapi31.Reference{Ref: headersAt + name}}
	}
	return all
}
