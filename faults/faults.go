// Package faults lets a test ask for a fault of the network at a place that it chooses: a short read, a connection that
// is reset, a dial that is refused, a datagram that is lost.
//
//	faults.Next("127.0.0.1:8080", faults.Reset())
//	reply, err := client.Call("ping") // must try again
//
// The fault happens under "reprise test", which simulates the network of the loopback addresses, and is recorded and
// replayed like everything else. Under plain "go test", and with --network real, nothing happens. Faults at places that
// the test does not choose are drawn with "reprise test --faults net".
//
// The package knows nothing of reprise: it makes one system call, which the kernel refuses and the simulated network
// answers.
package faults

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Fault is a fault of the network. The zero Fault is none.
type Fault struct {
	kind   kind
	amount uint64
}

// kind is the number of a kind of fault, as in gorun.FaultKind.
type kind uint64

const (
	short     kind = 1
	reset     kind = 2
	refuse    kind = 3
	latency   kind = 4
	bandwidth kind = 6
	loss      kind = 7
	partition kind = 8
)

// Short is a read or write of a TCP connection that moves only so many bytes, although it could move more. The number
// must be at least 1. (A write of package net goes on with the rest by itself, so that only the reader notices.)
func Short(bytes int) Fault { return Fault{short, positive("Short", bytes)} }

// Reset ends a TCP connection at a read or write: both ends get ECONNRESET, and what was on its way is lost.
func Reset() Fault { return Fault{reset, 0} }

// Refuse lets a dial of TCP fail with ECONNREFUSED, although there is a listener.
func Refuse() Fault { return Fault{refuse, 0} }

// Latency is the virtual time that a dial, a write or a datagram takes to arrive. What is written to a connection later
// arrives no earlier; a datagram can be overtaken. The time must be positive.
func Latency(d time.Duration) Fault { return Fault{latency, positive("Latency", d)} }

// Bandwidth lets so many bytes a second pass in the direction of a write, from that write on. The number must be at
// least 1.
func Bandwidth(bytesPerSecond int) Fault {
	return Fault{bandwidth, positive("Bandwidth", bytesPerSecond)}
}

// Loss is a datagram of UDP that does not arrive.
func Loss() Fault { return Fault{loss, 0} }

// Partition lets nothing pass from and to an address for some virtual time, from the next dial, write or datagram on:
// data and dials arrive afterwards, datagrams are lost. The address is that of the server of a connection, or to which
// a datagram is sent. The time must be positive.
func Partition(d time.Duration) Fault { return Fault{partition, positive("Partition", d)} }

// positive returns the amount of a fault. It panics if that is not positive or far too large.
func positive[T ~int | ~int64](name string, n T) uint64 {
	if n <= 0 || uint64(n) >= 1<<56 {
		panic(fmt.Sprintf("faults: %s(%v): it must be positive and at most 2 years", name, n))
	}
	return uint64(n)
}

// Next asks for a fault at the next operation at which it can happen, of any goroutine, once: a dial or datagram to the
// address, or a read or write of a connection that has the address at one end. The address is one of IP with a port,
// such as "127.0.0.1:80" or "[::1]:80", as the String methods of package net return it, or ":80" for any with this
// port, or "" for all. Further requests for the same address happen one after the other.
//
// Next reports whether the fault will happen: false under plain go test, and if more than 64 requests wait. It panics
// if the address has another form.
func Next(address string, f Fault) bool {
	ip, port, err := parse(address)
	if err != nil {
		panic(fmt.Sprintf("faults: Next: %q is not an address such as 127.0.0.1:80 or :80", address))
	}
	return f.kind != 0 && ask(request{kind: uint64(f.kind), amount: f.amount, end: end{ip, uint64(port)}})
}

// Between lets nothing pass between two addresses for some virtual time, from now on: data, and dials of TCP, arrive
// afterwards, and datagrams are lost. Connections of either address with others are not affected. An address has the
// form of those of [Next], and port 0 means every port: Between("127.0.0.2:0", "127.0.0.3:0", time.Second) separates
// two hosts. The time must be positive.
//
// Between reports whether it happens: false under plain go test, and if more than 16 partitions last. It panics if an
// address has another form.
func Between(a, b string, d time.Duration) bool {
	p := pair{kind: uint64(partition), amount: positive("Between", d)}
	for i, address := range [2]string{a, b} {
		ip, port, err := parse(address)
		if err != nil {
			panic(fmt.Sprintf("faults: Between: %q is not an address such as 127.0.0.1:80, 127.0.0.1:0 or :80", address))
		}
		p.ends[i] = end{ip, uint64(port)}
	}
	return askPair(p)
}

// end is an address in a [request].
type end struct {
	ip   [16]byte // of IPv4 as ::ffff:a.b.c.d; zero for all
	port uint64   // 0 for all
}

// request is what the simulated network reads: the runtime of package gort defines it as rprRequest.
type request struct {
	kind   uint64
	amount uint64
	end    end
}

// pair is a request about two addresses: the runtime of package gort defines it as rprPair.
type pair struct {
	kind   uint64
	amount uint64
	ends   [2]end
}

func parse(address string) (ip [16]byte, port uint16, err error) {
	if address == "" {
		return ip, 0, nil
	}
	if strings.HasPrefix(address, ":") {
		a, err := netip.ParseAddrPort("[::]" + address)
		return ip, a.Port(), err
	}
	a, err := netip.ParseAddrPort(address)
	return a.Addr().As16(), a.Port(), err
}
