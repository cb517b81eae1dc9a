package walk

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"helpdesk/test/contract"
)

// body draws the body of a request: one that fits, one with a fault, or what
// is no JSON at all.
func (w *walker) body(rt *rapid.T, op *contract.Operation) any {
	if oneIn(rt, 12, "no body") {
		return rapid.SampledFrom([]any{
			"", "{", "null", "[]", "7", `"x"`, `{"a":1,"a":2}`, `{"title":"\ud800"}`, "\xff", "\x00", "{}{}",
			strings.Repeat("[", 1000), strings.Repeat(`{"a":`, 1000), `{"ticket":1e999}`, `{"ticket":1.5}`,
		}).Draw(rt, "instead")
	}
	if op.Body == nil {
		return nil
	}
	body := w.object(rt, op.Body)
	if oneIn(rt, 4, "spoilt") {
		w.spoil(rt, op.Body, body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		rt.Fatalf("write the body: %v", err)
	}
	return text
}

// object draws a value of a schema's members: all that are required, and some.
func (w *walker) object(rt *rapid.T, schema object) object {
	required, _ := schema["required"].([]any)
	properties, _ := schema["properties"].(object)
	out := object{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(required, any(name)) || rapid.Bool().Draw(rt, "with "+name) {
			out[name] = w.value(rt, properties[name].(object), name)
		}
	}
	return out
}

// spoil puts a fault into a body.
func (w *walker) spoil(rt *rapid.T, schema object, body object) {
	names := append(slices.Sorted(maps.Keys(schema["properties"].(object))), "no such member")
	name := rapid.SampledFrom(names).Draw(rt, "spoilt member")
	if rapid.Bool().Draw(rt, "left out") {
		delete(body, name)
		return
	}
	body[name] = rapid.SampledFrom([]any{
		nil, 0, -1, 1.5, true, "", " ", "x\x00y", "\u202e", strings.Repeat("x", 20001), []any{}, []any{"x"},
		object{}, object{"id": 1}, "2026-02-30T00:00:00Z", "'; --", "%s", json.Number("1e30"),
	}).Draw(rt, "fault")
}

// value draws a value of a schema; name is what it is a value of, for those
// that should now and then name something there is.
func (w *walker) value(rt *rapid.T, schema object, name string) any {
	if values, ok := schema["enum"].([]any); ok {
		return rapid.SampledFrom(values).Draw(rt, name)
	}
	kinds := kindsOf(schema)
	switch rapid.SampledFrom(kinds).Draw(rt, "type of "+name) {
	case "null":
		return nil
	case "integer":
		return rapid.OneOf(rapid.Int64Range(0, 120), rapid.Int64()).Draw(rt, name)
	case "boolean":
		return rapid.Bool().Draw(rt, name)
	case "array":
		items, _ := schema["items"].(object)
		return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) any { return w.value(rt, items, name) }), 1, 3).Draw(rt, name)
	case "object":
		return w.object(rt, schema)
	}
	if schema["format"] == "date-time" {
		at := rapid.Int64Range(-1<<35, 1<<36).Draw(rt, name)
		return time.Unix(at, 0).UTC().Format(time.RFC3339)
	}
	return w.text(rt, schema, name)
}

// kindsOf lists the types a schema allows.
func kindsOf(schema object) []string {
	var all []string
	choice, _ := schema["anyOf"].([]any)
	for _, one := range choice {
		all = append(all, kindsOf(one.(object))...)
	}
	if all != nil {
		return all
	}
	switch of := schema["type"].(type) {
	case string:
		return []string{of}
	case []any:
		for _, one := range of {
			all = append(all, one.(string))
		}
		return all
	}
	return []string{"string"}
}

// text draws a string: often one that names something.
func (w *walker) text(rt *rapid.T, schema object, name string) string {
	if rapid.Bool().Draw(rt, "known "+name) {
		switch name {
		case "ticket":
			return rapid.SampledFrom(w.known[tickets]).Draw(rt, name)
		case "assigned_to", "created_by", "username", "search":
			return rapid.SampledFrom(append([]string{"me", "none"}, w.people...)).Draw(rt, name)
		case "email":
			return rapid.StringMatching(`[a-z]{1,8}@example\.com`).Draw(rt, name)
		}
	}
	if !oneIn(rt, 4, "odd "+name) {
		return rapid.StringMatching(`[A-Za-z][A-Za-z %_'"\\<>é-]{7,20}`).Draw(rt, name)
	}
	most := 30
	if schema["maxLength"] == json.Number("20000") && oneIn(rt, 10, "long "+name) {
		most = 20000
	}
	return rapid.StringN(0, most, -1).Draw(rt, name)
}
