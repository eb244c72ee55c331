// Answers every POST by the first value that Go's json.Decoder reads from its body, whatever follows. Prints its port.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == "GET" {
			fmt.Fprint(w, `{"credits":0}`)
			return
		}
		code, message := "invalid_input", "The field product is missing."
		var value any
		if json.NewDecoder(r.Body).Decode(&value) != nil {
			code, message = "invalid_json", "The body cannot be read."
		}
		id := make([]byte, 8)
		rand.Read(id)
		w.WriteHeader(400)
		json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{
			"code": code, "message": message, "requestId": hex.EncodeToString(id),
			"docs": "https://www.planmysaas.com/docs/api/errors",
		}})
	}))
}
