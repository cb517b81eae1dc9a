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

	swaggest "github.com/swaggest/jsonschema-go"

	"helpdesk/domain"
	"helpdesk/httpapi/problem"
)

// maxDepth bounds the nesting of a body; none of the API's goes beyond two.
const maxDepth = 32

// parseJSON reads exactly one JSON value, numbers as [json.Number]. Beyond the
// grammar it refuses what parsers are known to disagree on: invalid UTF-8,
// unpaired surrogates, members given twice. It reads no more than bounds and the
// schema allow: of a list that is too long nothing beyond its last element.
func parseJSON(data []byte, bounds Bounds, schema *swaggest.Schema) (any, error) {
	if !utf8.Valid(data) {
		return nil, problem.Bad("invalid_utf8", "the body is not valid UTF-8")
	}
	if !json.Valid(data) {
		var none any
		var syntax *json.SyntaxError
		if errors.As(json.Unmarshal(data, &none), &syntax) {
			return nil, problem.Bad("malformed_json", "the body is not valid JSON: "+syntax.Error()+" at byte "+strconv.FormatInt(syntax.Offset, 10))
		}
		return nil, problem.Bad("malformed_json", "the body is not valid JSON")
	}
	if unpairedSurrogate(data) {
		return nil, problem.Bad("invalid_utf8", "the body has half of a surrogate pair")
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(data)), bounds: bounds}
	p.dec.UseNumber()
	return p.value(schema)
}

// parser reads a value of JSON that is known to be well formed.
type parser struct {
	dec    *json.Decoder
	bounds Bounds
	seen   int      // members and elements
	path   []string // of the value that is read
}

// value reads a value. schema is what is known of it, nil for nothing.
func (p *parser) value(schema *swaggest.Schema) (any, error) {
	if len(p.path) > maxDepth {
		return nil, problem.Bad("malformed_json", fmt.Sprintf("the body is nested deeper than %d", maxDepth))
	}
	token, err := p.dec.Token()
	if err != nil {
		return nil, problem.Bad("malformed_json", "the body is not valid JSON")
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return p.object(schema)
		}
		return p.array(schema)
	case json.Number:
		if outsized(token.String()) {
			return nil, p.fault("number_range", "the number is out of range")
		}
	}
	return token, nil
}

func (p *parser) object(schema *swaggest.Schema) (any, error) {
	object := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, problem.Bad("malformed_json", "the body is not valid JSON")
		}
		name, _ := token.(string)
		err = p.at(name, func() (err error) {
			if _, twice := object[name]; twice {
				return p.fault("duplicate_member", "the field is given twice")
			}
			object[name], err = p.value(memberOf(schema, name))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	_, err := p.dec.Token()
	return object, err
}

func (p *parser) array(schema *swaggest.Schema) (any, error) {
	array := []any{}
	for p.dec.More() {
		if schema != nil && schema.MaxItems != nil && int64(len(array)) == *schema.MaxItems {
			return nil, p.fault("max_items", fmt.Sprintf("at most %d are allowed", *schema.MaxItems))
		}
		err := p.at(strconv.Itoa(len(array)), func() error {
			value, err := p.value(elementOf(schema))
			array = append(array, value)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	_, err := p.dec.Token()
	return array, err
}

// at counts a member or an element and reads it.
func (p *parser) at(name string, read func() error) error {
	if p.seen++; p.seen > p.bounds.Values {
		return p.bounds.tooMany()
	}
	p.path = append(p.path, name)
	defer func() { p.path = p.path[:len(p.path)-1] }()
	return read()
}

// fault refuses the value that is read.
func (p *parser) fault(code, detail string) error {
	return problem.Invalid(problem.Violation{Pointer: pointerTo(p.path, problem.BodyPrefix), Code: code, Detail: detail})
}

// memberOf returns what a schema says of a member, nil where it says nothing.
func memberOf(schema *swaggest.Schema, name string) *swaggest.Schema {
	if schema == nil {
		return nil
	}
	return schema.Properties[name].TypeObject
}

// elementOf returns what a schema says of the elements of a list, nil where it says
// nothing.
func elementOf(schema *swaggest.Schema) *swaggest.Schema {
	if schema == nil || schema.Items == nil || schema.Items.SchemaOrBool == nil {
		return nil
	}
	return schema.Items.SchemaOrBool.TypeObject
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
// a control character other than line breaks and tabs. It ends where a refusal
// does.
func controlled(value any, path []string) (all []problem.Violation) {
	switch value := value.(type) {
	case string:
		if strings.ContainsFunc(value, RefusedInText) {
			at := pointerTo(path, problem.BodyPrefix)
			return []problem.Violation{{Pointer: at, Code: "control_character", Detail: domain.ErrCharacter.Message}}
		}
	case []any:
		for i, element := range value {
			if len(all) < problem.MaxViolations {
				all = append(all, controlled(element, append(path, strconv.Itoa(i)))...)
			}
		}
	case map[string]any:
		for name, member := range value {
			if len(all) < problem.MaxViolations {
				all = append(all, controlled(member, append(path, name))...)
			}
		}
	}
	return all
}

// RefusedInText reports whether no text may hold r: a control character other
// than line breaks and tabs.
func RefusedInText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}
