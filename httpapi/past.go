package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"helpdesk/httpapi/problem"
	"helpdesk/projections/history"
)

// InFuture names the parameter with an instant that is still to come.
func InFuture(err error, param string) error {
	if errors.Is(err, history.ErrFuture) {
		return problem.Param(param, history.ErrFuture.Code, history.ErrFuture.Message)
	}
	return err
}

// Memento marks an answer as of the past (RFC 7089 §2.1, §2.2): of when it is,
// and where the present is.
func (c *Call) Memento(at time.Time) {
	c.Header.Set("Memento-Datetime", at.UTC().Format(http.TimeFormat))
	query := c.Request.URL.Query()
	for _, name := range []string{"as_of", "version", "cursor"} {
		query.Del(name)
	}
	original := url.URL{Path: strings.TrimSuffix(c.Request.URL.Path, "/") + "/", RawQuery: query.Encode()}
	c.Header.Add("Link", fmt.Sprintf(`<%s>; rel="original"`, c.api.front.Public()+original.String()))
}
