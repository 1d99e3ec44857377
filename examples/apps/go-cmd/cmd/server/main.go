// Server serves the ledger.
package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"example.com/ledger/internal/ledger"
)

func main() {
	router := chi.NewRouter()
	router.Get("/health", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ok\n")) })
	router.Get("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(ledger.Title())) })
	http.ListenAndServe(":9000", router)
}
