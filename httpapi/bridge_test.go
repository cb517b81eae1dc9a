package httpapi

import "net/http"

// What tests from outside look at.
var (
	GinPath   = ginPath
	ForPeople = forPeople
)

const (
	DocumentPath = documentPath
	MaxETags     = maxETags
)

// Served lists what is served, "GET /path" as gin writes it. HEAD goes with GET.
func Served(a *API) (all []string) {
	for _, r := range a.engine.Routes() {
		if r.Method != http.MethodHead && !forPeople(r.Path) {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	return all
}
