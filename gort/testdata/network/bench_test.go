package network

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
)

// TestRequests makes as many requests as the environment says, one after another over one connection.
func TestRequests(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("NETWORK_REQUESTS"))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
	defer s.Close()
	for range n {
		r, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
			t.Fatalf("%q, %v", b, err)
		}
		r.Body.Close()
	}
}
