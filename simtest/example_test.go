package simtest_test

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/reprise-go/reprise/simsched"
)

func Example() {
	// In a test: func TestEcho(t *testing.T) { simtest.Check(t, echo) }
	fmt.Println(simsched.Run(simsched.Config{Seed: 7}, echo))
	// Output: <nil>
}

// echo is a client and a server on two hosts.
func echo(s *simsched.Sim) error {
	server, client := s.NewHost("server"), s.NewHost("client")
	s.Network().SetDefault(simsched.Link{Latency: time.Millisecond, Jitter: 20 * time.Millisecond})
	server.Go("serve", func() error {
		l, err := server.Listen("tcp", ":80")
		if err != nil {
			return err
		}
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		_, err = io.Copy(conn, conn)
		return errors.Join(err, conn.Close(), l.Close())
	})
	s.Sleep(time.Millisecond) // until it listens
	conn, err := client.Dial(s.Context(), "tcp", "server:80")
	if err != nil {
		return err
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	answer := make([]byte, 5)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "hello" {
		return fmt.Errorf("got %q: %w", answer, err)
	}
	return conn.Close()
}
