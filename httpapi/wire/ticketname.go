package wire

import (
	"encoding/json"
	"errors"
	"math/big"

	swaggest "github.com/swaggest/jsonschema-go"
)

// TicketName names a ticket within a body: its id, or its number as a JSON
// number or a string.
type TicketName string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *TicketName) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(n))
	}
	number, ok := new(big.Rat).SetString(string(data)) // 1.0 is an integer in JSON Schema
	if !ok || !number.IsInt() {
		return errors.New("neither a whole number nor a string")
	}
	*n = TicketName(number.Num().String())
	return nil
}

// Shape describes the name to the schema: not as two types in one, for makers of
// clients take the choice alone.
func (TicketName) Shape(s *swaggest.Schema) {
	s.AnyOf = []swaggest.SchemaOrBool{swaggest.Integer.ToSchemaOrBool(), swaggest.String.ToSchemaOrBool()}
}
