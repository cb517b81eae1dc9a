package bind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"helpdesk/domain"
	"helpdesk/httpapi/problem"
)

// maxDepth bounds the nesting of a body; none of the API's goes beyond two.
const maxDepth = 32

// parseJSON reads exactly one JSON value, numbers as [json.Number]. Beyond the
// grammar it refuses what parsers are known to disagree on: invalid UTF-8,
// unpaired surrogates, members given twice.
func parseJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, problem.Bad("invalid_utf8", "the body is not valid UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, problem.Bad("malformed_json", "the body is not valid JSON: "+syntax.Error()+" at byte "+strconv.FormatInt(syntax.Offset, 10))
		}
		return nil, problem.Bad("malformed_json", "the body is not valid JSON")
	}
	if unpairedSurrogate(data) {
		return nil, problem.Bad("invalid_utf8", "the body has half of a surrogate pair")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return readValue(dec, "", 0)
}

func readValue(dec *json.Decoder, pointer string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, problem.Bad("malformed_json", fmt.Sprintf("the body is nested deeper than %d", maxDepth))
	}
	token, err := dec.Token()
	if err != nil {
		return nil, problem.Bad("malformed_json", "the body is not valid JSON")
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return readObject(dec, pointer, depth)
		}
		return readArray(dec, pointer, depth)
	case json.Number:
		if outsized(token.String()) {
			return nil, problem.Invalid(problem.Violation{Pointer: pointer, Code: "number_range", Detail: "the number is out of range"})
		}
	}
	return token, nil
}

func readObject(dec *json.Decoder, pointer string, depth int) (any, error) {
	object := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, problem.Bad("malformed_json", "the body is not valid JSON")
		}
		name, _ := token.(string)
		at := pointer + "/" + problem.Escape(name)
		if _, twice := object[name]; twice {
			return nil, problem.Invalid(problem.Violation{Pointer: at, Code: "duplicate_member", Detail: "the field is given twice"})
		}
		if object[name], err = readValue(dec, at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return object, err
}

func readArray(dec *json.Decoder, pointer string, depth int) (any, error) {
	array := []any{}
	for dec.More() {
		value, err := readValue(dec, pointer+"/"+strconv.Itoa(len(array)), depth+1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := dec.Token()
	return array, err
}

// outsized reports numbers that would cost more to compute with than they can
// mean: beyond 32 digits or an exponent beyond three.
func outsized(number string) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	return len(mantissa) > 32 || len(strings.TrimLeft(exponent, "+-")) > 3
}

// unpairedSurrogate looks for \ud800 to \udfff outside a pair in data, which
// MUST be valid JSON. encoding/json would put U+FFFD in their place silently.
func unpairedSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++ // at the escaped character
		if data[i] != 'u' {
			continue
		}
		unit := codeUnit(data[i+1:])
		i += 4
		switch {
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return true
		case unit >= 0xD800 && unit <= 0xDBFF:
			rest := data[i+1:]
			if !bytes.HasPrefix(rest, []byte(`\u`)) {
				return true
			}
			if low := codeUnit(rest[2:]); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

func codeUnit(hex []byte) uint64 {
	unit, _ := strconv.ParseUint(string(hex[:4]), 16, 32)
	return unit
}

// controlled lists the strings of a tree that hold a character no text may:
// a control character other than line breaks and tabs.
func controlled(value any, pointer string) []problem.Violation {
	switch value := value.(type) {
	case string:
		if strings.ContainsFunc(value, RefusedInText) {
			return []problem.Violation{{Pointer: pointer, Code: "control_character", Detail: domain.ErrCharacter.Message}}
		}
	case []any:
		var all []problem.Violation
		for i, element := range value {
			all = append(all, controlled(element, pointer+"/"+strconv.Itoa(i))...)
		}
		return all
	case map[string]any:
		var all []problem.Violation
		for name, member := range value {
			all = append(all, controlled(member, pointer+"/"+problem.Escape(name))...)
		}
		return all
	}
	return nil
}

// RefusedInText reports whether no text may hold r: a control character other
// than line breaks and tabs.
func RefusedInText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}
