package simsched

import (
	"math"
	"net"
	"time"

	"github.com/reprise-go/reprise/strategy"
)

// Network is the simulated network between the hosts of a run. Each pair of hosts has two links, one for each
// direction.
//
// Streams are reliable and ordered: loss only delays them, and a partition holds them up until it is healed.
// Packets can be lost, duplicated and reordered, and are lost in a partition. Everything arrives by a timer, so
// that the order of arrivals at one instant is a choice. Jitter, loss, duplication and reordering are drawn from
// the random stream "network", each only if its setting is not 0.
type Network struct {
	sim         *Sim
	hosts       []*Host
	normal      Link // of links without a setting of their own
	local       Link // from a host to itself
	dialTimeout time.Duration
	detection   time.Duration
	packets     packetNumber // number of packets that have been sent
}

// Link sets the behaviour of one direction between two hosts. The zero Link is instant and perfect. Rates are per
// million: 0 means never, 1,000,000 means always.
type Link struct {
	// Latency is the time that everything takes to arrive; Jitter is the maximum of a random time that is added to
	// it. Both are between 0 and 24 hours.
	Latency, Jitter time.Duration

	// Bandwidth is the capacity of the link in bytes a second, shared by all its traffic; 0 means no limit. Traffic
	// beyond it waits.
	Bandwidth int64

	// Window is the number of bytes that a stream may be ahead of its reader before its writer has to wait; 0 means
	// 65,536, the maximum is 1 GiB. A connection keeps the window that the link had when it was opened.
	Window int

	// Loss is the rate at which packets are lost, and at which a piece of a stream must be sent again. A piece is
	// sent again after 200 ms plus twice the latency; the delay doubles each time, up to 10 times.
	Loss int

	// Duplicate is the rate at which packets arrive twice. Each copy can be lost.
	Duplicate int

	// Reorder is the rate at which packets are delayed by a random time of up to 1 ms plus twice the latency and
	// the jitter. Jitter, too, can make a packet overtake another, and packets that arrive at one instant can
	// arrive in any order.
	Reorder int
}

const (
	defaultWindow      = 1 << 16
	maxWindow          = 1 << 30
	defaultLatency     = time.Millisecond
	defaultDialTimeout = 30 * time.Second
	defaultDetection   = 15 * time.Second
	maxLatency         = 24 * time.Hour
	resendAfter        = 200 * time.Millisecond
	maxResends         = 10
)

// networkStream is the random stream of the network.
var networkStream = newStreamID("network")

// Network returns the network of the run.
func (s *Sim) Network() *Network {
	s.enter("Network")
	return s.network()
}

func (s *Sim) network() *Network {
	if s.net == nil {
		s.net = &Network{
			sim: s, normal: Link{Latency: defaultLatency}, dialTimeout: defaultDialTimeout, detection: defaultDetection,
		}
	}
	return s.net
}

// validate panics if a setting is out of range.
func (k Link) validate(op string) {
	for _, rate := range [...]int{k.Loss, k.Duplicate, k.Reorder} {
		if rate < 0 || rate > million {
			panic("simsched: " + op + " called with a rate that is not between 0 and 1,000,000")
		}
	}
	if k.Latency < 0 || k.Jitter < 0 || k.Latency > maxLatency || k.Jitter > maxLatency {
		panic("simsched: " + op + " called with a latency or jitter that is not between 0 and 24 hours")
	}
	if k.Bandwidth < 0 || k.Window < 0 || k.Window > maxWindow {
		panic("simsched: " + op + " called with a negative bandwidth or a window that is not between 0 and 1 GiB")
	}
}

func (k Link) window() int {
	if k.Window == 0 {
		return defaultWindow
	}
	return k.Window
}

// change is the scheduling point of an operation on n. ok is false while tasks are unwound.
func (n *Network) change(op string) (t *Task, ok bool) {
	t, ok = n.sim.release(op)
	if ok {
		n.sim.point(t)
	}
	return t, ok
}

// SetDefault sets the behaviour of all links without a setting of their own, except the links of hosts to
// themselves, which are instant and perfect. The initial default is 1 ms of latency and nothing else. It panics if
// k is out of range.
func (n *Network) SetDefault(k Link) {
	k.validate("Network.SetDefault")
	if _, ok := n.change("Network.SetDefault"); ok {
		n.normal = k
	}
}

// Set sets the behaviour of the link between two hosts in one direction. It applies to everything sent from now on.
// It panics if k is out of range.
func (n *Network) Set(from, to *Host, k Link) {
	k.validate("Network.Set")
	if _, ok := n.change("Network.Set"); ok {
		n.link(from, to).own = &k
	}
}

// SetDialTimeout sets how long [Host.Dial] waits for an answer; initially 30 s. It panics if d is not positive.
func (n *Network) SetDialTimeout(d time.Duration) {
	if d <= 0 {
		panic("simsched: Network.SetDialTimeout called with a duration that is not positive")
	}
	if _, ok := n.change("Network.SetDialTimeout"); ok {
		n.dialTimeout = d
	}
}

// SetDetection sets the time after the crash of a host until the other ends of its connections detect it, as by
// TCP's keep-alive, and fail with [event.IOConnectionReset]. They detect it earlier if data they send arrives after
// the host has been restarted. Initially it is 15 s. It panics if d is not positive.
func (n *Network) SetDetection(d time.Duration) {
	if d <= 0 {
		panic("simsched: Network.SetDetection called with a duration that is not positive")
	}
	if _, ok := n.change("Network.SetDetection"); ok {
		n.detection = d
	}
}

// Partition cuts the link between two hosts in one direction: nothing arrives any more. Streams are held up and
// continue after [Network.Heal]; a partition alone never ends a connection. Packets are lost. The opposite
// direction stays open, but a stream whose acknowledgements cannot return stops when its window is full. A host is
// never cut off from itself.
func (n *Network) Partition(from, to *Host) {
	if _, ok := n.change("Network.Partition"); ok {
		n.sim.tell("cut off from "+from.name, to.object())
		n.link(from, to).cut = true
	}
}

// Heal ends a partition in one direction. Everything held up arrives after the latency of the link.
func (n *Network) Heal(from, to *Host) {
	if t, ok := n.change("Network.Heal"); ok {
		n.sim.tell("reached again by "+from.name, to.object())
		n.link(from, to).cut = false
		n.link(from, to).resume()
		n.sim.stopIfEnded(t)
	}
}

// Isolate cuts all links from and to h, like pulling its cable.
func (n *Network) Isolate(h *Host) {
	if _, ok := n.change("Network.Isolate"); ok {
		n.sim.tell("isolated", h.object())
		h.isolated = true
	}
}

// Reconnect undoes [Network.Isolate]. Partitions between h and other hosts stay.
func (n *Network) Reconnect(h *Host) {
	if t, ok := n.change("Network.Reconnect"); ok {
		n.sim.tell("reconnected", h.object())
		h.isolated = false
		n.resume()
		n.sim.stopIfEnded(t)
	}
}

// HealAll ends all partitions and isolations.
func (n *Network) HealAll() {
	t, ok := n.change("Network.HealAll")
	if !ok {
		return
	}
	for _, h := range n.hosts {
		h.isolated = false
		for _, l := range h.links {
			if l != nil {
				l.cut = false
			}
		}
	}
	n.resume()
	n.sim.stopIfEnded(t)
}

// resume releases everything that waits at links that are no longer cut.
func (n *Network) resume() {
	for _, h := range n.hosts {
		for _, l := range h.links {
			if l != nil {
				l.resume()
			}
		}
	}
}

// lookup returns the host with a name or address, or nil if there is none.
func (n *Network) lookup(name string) *Host {
	ip := net.ParseIP(name)
	for _, h := range n.hosts {
		if h.name == name || ip != nil && h.IP().Equal(ip) {
			return h
		}
	}
	return nil
}

// link returns the link from one host to another.
func (n *Network) link(from, to *Host) *link {
	for len(from.links) < len(n.hosts) {
		from.links = append(from.links, nil)
	}
	l := from.links[to.number-1]
	if l == nil {
		l = &link{net: n, from: from, to: to}
		from.links[to.number-1] = l
	}
	return l
}

// hit draws whether an event with a rate occurs.
func (n *Network) hit(rate int) bool {
	return rate > 0 && strategy.Below(n.sim.draw(&networkStream), million) < uint64(rate)
}

// upTo draws a duration from 0 to d.
func (n *Network) upTo(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return time.Duration(strategy.Below(n.sim.draw(&networkStream), uint64(d)+1))
}

// later adds a duration to a time, up to the end of time.
func later(at uint64, d time.Duration) uint64 { return min(at+uint64(d), math.MaxInt64) }
