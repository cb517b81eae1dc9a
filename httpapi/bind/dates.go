package bind

import (
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"helpdesk/edge"
)

// registerDates has days and instants of all members and parameters checked as they are
// read, and their years too.
func registerDates(c *jsonschema.Compiler) {
	for name, parse := range map[string]func(string) (time.Time, error){"date": parseDay, "date-time": edge.ParseInstant} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			text, ok := v.(string)
			if !ok {
				return nil // its type is another fault
			}
			_, err := parse(text)
			return err
		}})
	}
}

func parseDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, err
	}
	return day, edge.CheckDay(day)
}
