// Command drive opens a ticket and sees it through by the generated Go client.
// It is built by tests alone, with the tag generated and the client laid over
// package desk; README.md shows how it begins.
package main
