// Package desk is where tests make the Go client of the API, from its document
// and by oapi-codegen. The client is laid over this folder while they run and
// never written into it: it is forty times as long as the document's table.
package desk

// What the client is built on.
import _ "github.com/oapi-codegen/runtime"
