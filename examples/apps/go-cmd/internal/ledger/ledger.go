// Package ledger keeps accounts.
package ledger

// Title is what a reader sees first.
func Title() string { return "Ledger\n" }
