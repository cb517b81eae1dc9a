package spec

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	swaggest "github.com/swaggest/jsonschema-go"

	"helpdesk/httpapi/bind"
)

// Choice is a structure of which one member, By, is the name of what it is about, and
// another one, Member, has the shape that goes with the name.
type Choice struct {
	Of     any            // zero value of the structure
	By     string         // as JSON has it, like Member
	Member string         // "": no member depends on the name
	Cases  map[string]any // zero values of what Member is, by name
	Noun   string         // what a case is called: "Event" makes the schema TicketOpenedEvent of TicketOpened
	// Open is a member that is true where Member may have any shape; "": it never has.
	Open string
}

// choose describes a choice: a schema for each case, and the structure as one of them,
// whichever By names.
func (d *Document) choose(c Choice) error {
	name := bind.SchemaName(reflect.TypeOf(c.Of))
	if err := d.define(c.Of); err != nil {
		return err
	}
	schema, names := d.Spec.Components.Schemas[name], slices.Sorted(maps.Keys(c.Cases))
	if c.Member == "" {
		schema["properties"].(map[string]any)[c.By] = map[string]any{"type": "string", "enum": anyOf(names)}
		return nil
	}
	var cases []any
	mapping := map[string]any{}
	for _, of := range names {
		if err := d.define(c.Cases[of], swaggest.InterceptProp(requiredUnlessOmitted)); err != nil {
			return err
		}
		data := bind.SchemaName(reflect.TypeOf(c.Cases[of]))
		members := map[string]any{c.By: map[string]any{"type": "string", "const": of}, c.Member: map[string]any{"$ref": SchemasAt + data}}
		if c.Open != "" {
			members[c.Open] = map[string]any{"type": "boolean", "enum": []any{false}}
		}
		mapping[of] = d.addCase(data+c.Noun, members, c.By, c.Member)
		cases = append(cases, map[string]any{"$ref": mapping[of]})
	}
	if c.Open != "" {
		members := map[string]any{c.By: map[string]any{"type": "string"}, c.Open: map[string]any{"type": "boolean", "const": true}}
		cases = append(cases, map[string]any{"$ref": d.addCase(strings.ToUpper(c.Open[:1])+c.Open[1:]+c.Noun, members, c.By, c.Open)})
	}
	schema["oneOf"], schema["discriminator"] = cases, map[string]any{"propertyName": c.By, "mapping": mapping}
	return nil
}

// addCase adds the schema of one case, unless another structure has the same, and
// returns where it is.
func (d *Document) addCase(name string, members map[string]any, required ...any) string {
	if d.Spec.Components.Schemas[name] != nil {
		return SchemasAt + name
	}
	d.Spec.Components.Schemas[name] = map[string]any{"type": "object", "properties": members, "required": required}
	return SchemasAt + name
}

// define puts the schema of a value's type among those of the document.
func (d *Document) define(of any, options ...func(*swaggest.ReflectContext)) error {
	options = append([]func(*swaggest.ReflectContext){
		swaggest.RootRef, swaggest.DefinitionsPrefix(SchemasAt),
		swaggest.CollectDefinitions(func(name string, schema swaggest.Schema) {
			if d.Spec.Components.Schemas[name] == nil {
				simple, _ := schema.ToSchemaOrBool().ToSimpleMap() // it was made of one
				d.SpecEns().ComponentsEns().WithSchemasItem(name, simple)
			}
		}),
	}, options...)
	_, err := d.Reflect(of, options...)
	return err
}

// requiredUnlessOmitted requires each member that is always written. Stored events
// have no tag that says so.
func requiredUnlessOmitted(p swaggest.InterceptPropParams) error {
	_, options, _ := strings.Cut(p.Field.Tag.Get("json"), ",")
	if p.Processed && options == "" {
		p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	}
	return nil
}

func anyOf(names []string) (all []any) {
	for _, name := range names {
		all = append(all, name)
	}
	return all
}
