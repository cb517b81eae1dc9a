// Package bind takes a request apart: it fills a handler's struct from the path,
// the query and the body, and refuses what its schema does not allow, naming each
// fault. The same tags make the schema that requests are checked with and the one
// that the document shows.
package bind
