// Package inbound is email that comes in: which mailboxes there are, for the write side.
package inbound
