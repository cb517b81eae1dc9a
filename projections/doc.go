// Package projections builds the read models from the log and answers the
// queries on them.
package projections
