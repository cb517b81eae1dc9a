package bind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	swaggest "github.com/swaggest/jsonschema-go"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi/problem"
)

// SchemaOptions are how schemas are made of the API's structs, whatever they are for.
func SchemaOptions() []func(*swaggest.ReflectContext) {
	return []func(*swaggest.ReflectContext){
		swaggest.InterceptSchema(interceptSchema),
		swaggest.InterceptDefName(func(t reflect.Type, _ string) string { return SchemaName(t) }),
	}
}

// SchemaName is what the document calls a type: its Go name, TicketList for
// List[Ticket] and TicketStatus for ticket.Status.
func SchemaName(t reflect.Type) string {
	name, argument, generic := strings.Cut(t.Name(), "[")
	if of, aggregate := strings.CutPrefix(t.PkgPath(), "helpdesk/domain/"); aggregate {
		name = strings.ToUpper(of[:1]) + of[1:] + name
	}
	if !generic {
		return name
	}
	argument = strings.TrimSuffix(argument, "]")
	return argument[strings.LastIndexAny(argument, "./")+1:] + name
}

// Shaped is a type whose JSON shape is not its Go shape. Shape describes it.
type Shaped interface{ Shape(*swaggest.Schema) }

// interceptSchema describes the types whose Go shape is not their JSON shape.
func interceptSchema(p swaggest.InterceptSchemaParams) (stop bool, err error) {
	if p.Processed || !p.Value.IsValid() || !p.Value.CanInterface() {
		return false, nil
	}
	value := p.Value
	if value.Kind() == reflect.Pointer {
		value = reflect.Zero(value.Type().Elem())
	}
	switch v := value.Interface().(type) {
	case ticket.Priority:
		return enum(p.Schema, ticket.Low, ticket.Medium, ticket.High), nil
	case ticket.Status:
		return enum(p.Schema, ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusResolved,
			ticket.StatusClosed, ticket.StatusEscalated), nil
	case email.Kind:
		return enum(p.Schema, email.Kinds()...), nil
	case message.Verdict:
		return enum(p.Schema, message.Verdicts()...), nil
	case mailbox.Strangers:
		return enum(p.Schema, mailbox.StrangersValues()...), nil
	case domain.UserID, ticket.ID, ticket.CommentID:
		p.Schema.AddType(swaggest.String)
		p.Schema.WithFormat("uuid")
		return true, nil
	case domain.Role:
		return enum(p.Schema, domain.Roles()...), nil
	case Shaped:
		v.Shape(p.Schema)
		return true, nil
	case interface{ underlying() any }:
		inner, err := new(swaggest.Reflector).Reflect(v.underlying(), append(SchemaOptions(), swaggest.InlineRefs)...)
		if err != nil {
			return true, err
		}
		inner.Parent, inner.ReflectType = p.Schema.Parent, p.Schema.ReflectType
		*p.Schema = inner
		return true, nil
	}
	return false, nil
}

func enum[T ~string](s *swaggest.Schema, values ...T) bool {
	s.AddType(swaggest.String)
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return true
}

// shape is the schema of the members that one tag marks, ready to check with.
type shape struct {
	schema  swaggest.Schema   // what the document says of it
	types   map[string]string // JSON type and, for a time, "date-time", by member
	checker *jsonschema.Schema
}

// reflectShape makes the shape of in's members tagged with tag: "json" for a
// body, "query" for parameters. Members it does not know are refused.
func reflectShape(in any, tag string) (shape, error) {
	options := append(SchemaOptions(), swaggest.InlineRefs, swaggest.PropertyNameTag(tag))
	s, err := new(swaggest.Reflector).Reflect(in, options...)
	if err != nil {
		return shape{}, fmt.Errorf("schema of %T: %w", in, err)
	}
	none := false
	s.AdditionalProperties = &swaggest.SchemaOrBool{TypeBoolean: &none}
	out := shape{schema: s, types: map[string]string{}}
	for name, property := range s.Properties {
		out.types[name] = simpleType(property.TypeObject)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return shape{}, fmt.Errorf("schema of %T: %w", in, err)
	}
	out.checker, err = compile(data)
	if err != nil {
		return shape{}, fmt.Errorf("schema of %T: %w", in, err)
	}
	return out, nil
}

func compile(schema []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	const name = "request.json"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	registerDates(c)
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

func simpleType(s *swaggest.Schema) string {
	if s.Format != nil && *s.Format == "date-time" {
		return "date-time"
	}
	for _, t := range []swaggest.SimpleType{swaggest.Array, swaggest.Integer, swaggest.Boolean} {
		if s.HasType(t) {
			return string(t)
		}
	}
	return string(swaggest.String)
}

// check lists where value leaves the shape.
func (s shape) check(value any, prefix string) []problem.Violation {
	err := s.checker.Validate(value)
	if err == nil {
		return nil
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return []problem.Violation{{Code: "type", Detail: "is not a valid value"}}
	}
	return violations(failed, prefix)
}

func violations(e *jsonschema.ValidationError, prefix string) []problem.Violation {
	if _, choice := e.ErrorKind.(*kind.AnyOf); choice {
		e = eitherType(e)
	}
	if len(e.Causes) > 0 {
		var all []problem.Violation
		for _, cause := range e.Causes {
			if len(all) < problem.MaxViolations { // a refusal lists no more
				all = append(all, violations(cause, prefix)...)
			}
		}
		return all
	}
	at := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return named(k.Missing, at, prefix, domain.ErrRequired.Code, func(string) string { return domain.ErrRequired.Message })
	case *kind.AdditionalProperties:
		return named(k.Properties, at, prefix, "unknown", func(name string) string { return unknownWord(prefix) + name })
	}
	code, detail := fault(e.ErrorKind)
	return []problem.Violation{{Pointer: pointerTo(at, prefix), Code: code, Detail: detail}}
}

// eitherType makes one fault of those of a choice between types.
func eitherType(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	var either kind.Type
	for _, cause := range e.Causes {
		if k, ok := cause.ErrorKind.(*kind.Type); ok {
			either.Got, either.Want = k.Got, append(either.Want, k.Want...)
		}
	}
	return &jsonschema.ValidationError{InstanceLocation: e.InstanceLocation, ErrorKind: &either}
}

// named makes a violation for each of the members names of the object at path.
func named(names, path []string, prefix, code string, detail func(name string) string) []problem.Violation {
	var all []problem.Violation
	for _, name := range names[:min(len(names), problem.MaxViolations)] {
		at := pointerTo(append(slices.Clone(path), name), prefix)
		all = append(all, problem.Violation{Pointer: at, Code: code, Detail: detail(problem.Clip(name))})
	}
	return all
}

// pointerTo writes where a violation is: a JSON Pointer into the body, or the
// name of the parameter, whichever of its values is meant. Names of the client's own
// making are cut short.
func pointerTo(path []string, prefix string) string {
	if len(path) == 0 {
		return ""
	}
	if prefix == problem.ParamPrefix {
		return prefix + problem.Clip(path[0])
	}
	var at strings.Builder
	for _, token := range path {
		at.WriteString(prefix + problem.Escape(problem.Clip(token)))
	}
	return at.String()
}

func fault(k jsonschema.ErrorKind) (code, detail string) {
	switch k := k.(type) {
	case *kind.Type:
		return "type", fmt.Sprintf("must be %s, not %s", oneOf(k.Want), kindWord(k.Got))
	case *kind.Enum:
		return domain.ErrEnum.Code, "must be one of " + listed(k.Want)
	case *kind.MinLength:
		if k.Want == 1 {
			return domain.ErrRequired.Code, domain.ErrRequired.Message
		}
		return "min_length", fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return domain.ErrTooLong.Code, fmt.Sprintf("at most %d characters are allowed", k.Want)
	case *kind.MinItems:
		return "min_items", fmt.Sprintf("must have at least %d elements", k.Want)
	case *kind.MaxItems:
		return "max_items", fmt.Sprintf("must have at most %d elements", k.Want)
	case *kind.Minimum:
		return "minimum", "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "maximum", "must be at most " + k.Want.RatString()
	case *kind.Format:
		if errors.Is(k.Err, edge.ErrYear) {
			return edge.ErrYear.Code, k.Err.Error()
		}
		return "format", "must be " + formatWord(k.Want)
	}
	return "invalid", "is not a valid value"
}

// unknownWord begins what is said of a name that is not known.
func unknownWord(prefix string) string {
	if prefix == problem.ParamPrefix {
		return "unknown parameter: "
	}
	return "unknown field: "
}

// kindWord is a JSON type in words.
func kindWord(jsonType string) string {
	switch jsonType {
	case "boolean":
		return "true or false"
	case "null":
		return "null"
	case "integer":
		return "a whole number"
	case "array":
		return "a list"
	case "object":
		return "an object"
	}
	return "a " + jsonType
}

// oneOf is a choice of JSON types in words.
func oneOf(jsonTypes []string) string {
	words := make([]string, len(jsonTypes))
	for i, t := range jsonTypes {
		words[i] = kindWord(t)
	}
	return strings.Join(words, " or ")
}

// listed writes values one behind the other.
func listed(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// formatWord is a format of texts in words.
func formatWord(format string) string {
	switch format {
	case "date":
		return "a date, such as 2026-01-31"
	case "date-time":
		return "a time with its zone, such as 2026-01-31T12:00:00Z"
	case "uuid":
		return "a UUID"
	}
	return "a valid " + format
}
