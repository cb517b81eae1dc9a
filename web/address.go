package web

import (
	"fmt"
	"net/url"
	"strconv"
)

// Root is the path that the whole site is below.
const Root = "/admin/"

// Where the pages are that other sections link to.
const (
	QueuePath       = Root + "tickets/"
	BulkPath        = QueuePath + "bulk/"
	PeoplePath      = Root + "people/"
	AuditPath       = Root + "audit/"
	ProjectionsPath = Root + "system/projections/"
	AccountPath     = Root + "account/"
	TokensPath      = Root + "tokens/"
	SignInPath      = Root + "sign-in/"
	RegisterPath    = Root + "register/"
	signOutPath     = Root + "sign-out/"
)

// Export returns the address of a file of the API, which knows the visitor by the same
// session, for a spreadsheet: CSV with a byte order mark.
func Export(of string, params ...string) string {
	return Address("/api/"+of+"/export/", append(params, "bom", "true")...)
}

// Address returns a path with parameters, names and values in turn, without those
// that are empty.
func Address(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		if params[i+1] != "" {
			values.Set(params[i], params[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// TicketAddress returns where the page of a ticket is.
func TicketAddress(number int64) string { return QueuePath + strconv.FormatInt(number, 10) + "/" }

// PersonAddress returns where the page of somebody is.
func PersonAddress(nameOrID string) string { return PeoplePath + url.PathEscape(nameOrID) + "/" }

// EventAddress returns where an event of the log is shown.
func EventAddress(position int64) string {
	return Address(AuditPath, "before", strconv.FormatInt(position+1, 10)) + fmt.Sprintf("#e%d", position)
}
