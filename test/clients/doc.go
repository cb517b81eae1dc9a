// Package clients holds the API against clients that others make of its
// document: one in Go, one in TypeScript.
package clients
