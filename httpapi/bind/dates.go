package bind

import (
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"helpdesk/edge"
)

// registerDates has days and instants of all members and parameters checked as they are
// read, and their years too.
func registerDates(c *jsonschema.Compiler) {
	for name, f := range map[string]struct {
		layout string
		check  func(time.Time) error
	}{
		"date":      {time.DateOnly, edge.CheckDay},
		"date-time": {time.RFC3339, edge.CheckInstant},
	} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			text, ok := v.(string)
			if !ok {
				return nil // its type is another fault
			}
			at, err := time.Parse(f.layout, text)
			if err != nil {
				return err
			}
			return f.check(at)
		}})
	}
}
