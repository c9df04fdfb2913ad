package simsched_test

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"testing"

	"github.com/reprise-go/reprise/simsched"
)

// serve runs a server and a client over a connection with all faults of streams.
func serve(t *testing.T, server, client func(net.Conn)) {
	t.Helper()
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		s.Network().SetDefault(simsched.Link{Latency: ms, Jitter: 5 * ms, Loss: 50_000, Bandwidth: 10_000, Window: 60})
		l := got(b.Listen("tcp", ":80"))
		b.Go("server", func() error {
			c := got(l.Accept())
			server(c)
			noErr(c.Close())
			return l.Close()
		})
		a.Go("client", func() error {
			c := got(a.Dial(s.Context(), "tcp", "b:80"))
			client(c)
			return c.Close()
		})
	})
}

type message struct {
	ID   int
	Text string
	Data []byte
}

func makeMessage(i int) message {
	return message{i, fmt.Sprint("message ", i), make([]byte, 17*i)}
}

func TestNetGob(t *testing.T) {
	exchange := func(c net.Conn, first bool) {
		enc, dec := gob.NewEncoder(c), gob.NewDecoder(c)
		for i := range 6 {
			if (i%2 == 0) == first {
				noErr(enc.Encode(makeMessage(i)))
				continue
			}
			var m message
			noErr(dec.Decode(&m))
			want := makeMessage(i)
			check(m.ID == want.ID && m.Text == want.Text && len(m.Data) == len(want.Data), "got %v", m)
		}
	}
	serve(t, func(c net.Conn) { exchange(c, false) }, func(c net.Conn) { exchange(c, true) })
}

func TestNetJSON(t *testing.T) {
	serve(t, func(c net.Conn) {
		enc := json.NewEncoder(c)
		for dec := json.NewDecoder(c); ; {
			var m message
			if err := dec.Decode(&m); err == io.EOF {
				return
			} else {
				noErr(err)
			}
			m.ID++
			noErr(enc.Encode(m))
		}
	}, func(c net.Conn) {
		enc, dec := json.NewEncoder(c), json.NewDecoder(c)
		for i := range 5 {
			noErr(enc.Encode(makeMessage(i)))
			var m message
			noErr(dec.Decode(&m))
			check(m.ID == i+1 && m.Text == makeMessage(i).Text, "got %v", m)
		}
	})
}

// TestNetTextproto speaks a small mail protocol.
func TestNetTextproto(t *testing.T) {
	serve(t, func(c net.Conn) {
		tp := textproto.NewConn(c)
		noErr(tp.PrintfLine("220 ready"))
		for {
			line := got(tp.ReadLine())
			switch line {
			case "DATA":
				noErr(tp.PrintfLine("354 go on"))
				noErr(tp.PrintfLine("250 %d lines", len(got(tp.ReadDotLines()))))
			case "QUIT":
				noErr(tp.PrintfLine("221 bye"))
				return
			default:
				noErr(tp.PrintfLine("500 %s?", line))
			}
		}
	}, func(c net.Conn) {
		tp := textproto.NewConn(c)
		expect := func(code int, want string) {
			_, text, err := tp.ReadResponse(code)
			check(err == nil && text == want, "got %q, %v", text, err)
		}
		expect(220, "ready")
		got(tp.Cmd("EHLO"))
		expect(500, "EHLO?")
		got(tp.Cmd("DATA"))
		expect(354, "go on")
		w := tp.DotWriter()
		got(io.WriteString(w, "one\n.two\nthree\n"))
		noErr(w.Close())
		expect(250, "3 lines")
		got(tp.Cmd("QUIT"))
		expect(221, "bye")
	})
}

func TestNetBufio(t *testing.T) {
	serve(t, func(c net.Conn) {
		w := bufio.NewWriter(c)
		for lines := bufio.NewScanner(c); lines.Scan(); {
			got(fmt.Fprintf(w, "you said %s\n", lines.Text()))
			noErr(w.Flush())
		}
	}, func(c net.Conn) {
		r := bufio.NewReader(c)
		for i := range 10 {
			got(fmt.Fprintf(c, "line %d\n", i))
			check(got(r.ReadString('\n')) == fmt.Sprintf("you said line %d\n", i), "wrong answer")
		}
	})
}
