package network

import (
	"encoding/binary"
	"net"
	"syscall"
	"testing"
)

// informed returns a socket on all addresses that is told to which one a datagram came. Port 0 is any.
func informed(t *testing.T, port int) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		if err := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPacketInfo: a server on all addresses is told to which one a datagram came, and answers from there.
func TestPacketInfo(t *testing.T) {
	server := informed(t, 0)
	go func() {
		b, control := make([]byte, 100), make([]byte, 100)
		for {
			n, c, flags, from, err := server.ReadMsgUDP(b, control)
			if err != nil {
				return
			}
			if flags != 0 {
				t.Errorf("flags %#x", flags)
			}
			if _, _, err := server.WriteMsgUDP(b[:n], control[:c], from); err != nil {
				t.Error(err)
			}
		}
	}()
	port := server.LocalAddr().(*net.UDPAddr).Port
	for _, host := range []string{"127.0.0.1", "127.0.0.7"} {
		to := &net.UDPAddr{IP: net.ParseIP(host), Port: port}
		client, err := net.DialUDP("udp4", nil, to) // which hears only what comes from there
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("where?")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		if n, err := client.Read(b); err != nil || string(b[:n]) != "where?" {
			t.Errorf("%s: %q, %v", host, b[:n], err)
		}
		client.Close()
	}
	server.Close()
	told(t, port)
}

// told reads one datagram with its control messages, and one with too little room for them.
func told(t *testing.T, port int) {
	l := informed(t, port)
	for _, room := range []int{64, 8} {
		c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 1, 2, 3), Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		b, control := make([]byte, 10), make([]byte, room)
		_, n, flags, _, err := l.ReadMsgUDP(b, control)
		if err != nil {
			t.Fatal(err)
		}
		if room < 16 {
			if n != 0 && n != room || flags&syscall.MSG_CTRUNC == 0 {
				t.Errorf("with room for %d bytes: %d bytes, flags %#x", room, n, flags)
			}
			continue
		}
		list, err := syscall.ParseSocketControlMessage(control[:n])
		if err != nil || len(list) != 1 || flags != 0 {
			t.Fatalf("%d messages, flags %#x, %v", len(list), flags, err)
		}
		m := list[0]
		if m.Header.Level != syscall.IPPROTO_IP || m.Header.Type != syscall.IP_PKTINFO || len(m.Data) < 12 ||
			binary.NativeEndian.Uint32(m.Data) != 1 || net.IP(m.Data[8:12]).String() != "127.1.2.3" {
			t.Errorf("told %+v", m)
		}
	}
}
