package main

import (
	"helpdesk/projections"
	"helpdesk/web"
)

// oversight is what the site's pages for admins and auditors are made of.
func (s *service) oversight() web.Oversight {
	return web.Oversight{PeopleHistory: projections.NewHistories(s.store, s.pool)}
}
