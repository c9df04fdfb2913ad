package raftkv

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
)

const (
	nodes   = 5
	clients = 3
	actions = 8 // number of actions of each client
	faults  = 40
)

// world is the cluster, its clients and the observations from outside.
type world struct {
	sim   *simsched.Sim
	nodes []*node
	hosts map[string]net.IP

	forgetVotes bool // the seeded bug

	leaders map[uint64]uint64 // by term
	log     map[uint64]string // by index
	broken  error             // the first broken invariant
	history []porcupine.Operation
}

// Program returns the body of the run: five nodes, three clients, faults, and the checks at the end. With
// forgetVotes the nodes have the seeded bug.
func Program(forgetVotes bool) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		w := &world{sim: s, forgetVotes: forgetVotes, hosts: map[string]net.IP{},
			leaders: map[uint64]uint64{}, log: map[uint64]string{}}
		s.Network().SetDefault(simsched.Link{
			Latency: 2 * time.Millisecond, Jitter: 30 * time.Millisecond, Loss: 10_000, Duplicate: 5_000, Reorder: 10_000,
		})
		for id := uint64(1); id <= nodes; id++ {
			n := &node{id: id, sim: s, world: w, host: w.host(hostName(id)), disk: simdisk.New(s, hostName(id))}
			w.nodes = append(w.nodes, n)
			n.start()
		}
		err := s.InRegion("clients", func(*simsched.Region) error {
			for c := range clients {
				host := w.host(fmt.Sprintf("client-%d", c))
				s.Go(host.Name(), func() error { return w.client(host, c) })
			}
			return w.trouble()
		})
		for _, n := range w.nodes {
			if n.host.Up() {
				n.host.Crash()
			}
		}
		//reprise:ignore porcupine checks the finished history in goroutines of its own, outside of the simulation
		return errors.Join(err, w.broken, w.linearizable())
	}
}

func (w *world) host(name string) *simsched.Host {
	h := w.sim.NewHost(name)
	w.hosts[name] = h.IP()
	return h
}

func (w *world) resolve(address string) (net.Addr, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		return nil, err
	}
	return &net.UDPAddr{IP: w.hosts[host], Port: number}, nil
}

// trouble crashes, restarts, isolates and reconnects nodes. At the end all nodes are up and connected.
func (w *world) trouble() error {
	rng, network := w.sim.Rand("trouble"), w.sim.Network()
	for range faults {
		w.sim.Sleep(time.Duration(rng.Int64N(int64(80 * time.Millisecond))))
		n := w.nodes[rng.IntN(nodes)]
		switch {
		case !n.host.Up():
			n.host.Restart()
			n.start()
		case rng.IntN(2) == 0:
			n.host.Crash()
			n.disk.Crash()
			if rng.IntN(2) == 0 { // a very short outage
				n.host.Restart()
				n.start()
			}
		case rng.IntN(2) == 0:
			network.Isolate(n.host)
		default:
			network.HealAll()
		}
	}
	network.HealAll()
	for _, n := range w.nodes {
		if !n.host.Up() {
			n.host.Restart()
			n.start()
		}
	}
	return nil
}

// client performs actions, one after another. An action without an answer in time is tried again with the same
// number, at another node.
func (w *world) client(host *simsched.Host, number int) error {
	conn, err := host.ListenPacket("udp", ":9000")
	if err != nil {
		return err
	}
	defer conn.Close()
	rng := w.sim.Rand(fmt.Sprint("client ", number))
	buf := make([]byte, 1<<16)
	for seq := 1; seq <= actions; seq++ {
		r := request{Client: number, Seq: seq, Get: rng.IntN(2) == 0, Key: fmt.Sprint("k", rng.IntN(2)),
			ReplyTo: host.Name() + ":9000"}
		if !r.Get {
			r.Value = fmt.Sprintf("%d.%d", number, seq)
		}
		called := w.sim.Elapsed()
		answer, err := w.ask(conn, r, buf, func() uint64 { return 1 + rng.Uint64N(nodes) })
		if err != nil {
			return err
		}
		w.history = append(w.history, porcupine.Operation{
			ClientId: number, Input: r, Output: answer.Value, Call: int64(called), Return: int64(w.sim.Elapsed()),
		})
	}
	return nil
}

func (w *world) ask(conn net.PacketConn, r request, buf []byte, pick func() uint64) (reply, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return reply{}, err
	}
	for {
		to, err := w.resolve(hostName(pick()) + port)
		if err != nil {
			return reply{}, err
		}
		_, _ = conn.WriteTo(append([]byte{'r'}, body...), to)
		if err := conn.SetReadDeadline(w.sim.Now().Add(200 * time.Millisecond)); err != nil {
			return reply{}, err
		}
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				break // most likely too late; try again
			}
			var answer reply
			if json.Unmarshal(buf[1:n], &answer) == nil && answer.Seq == r.Seq {
				return answer, nil
			}
		}
	}
}

// leads checks that a term has only one leader.
func (w *world) leads(term, id uint64) {
	if other, ok := w.leaders[term]; ok && other != id && w.broken == nil {
		w.broken = fmt.Errorf("election safety: term %d has two leaders, node %d and node %d", term, other, id)
	}
	w.leaders[term] = id
}

// applied checks that all nodes apply the same log.
func (w *world) applied(id, index uint64, data []byte) {
	if other, ok := w.log[index]; ok && other != string(data) && w.broken == nil {
		w.broken = fmt.Errorf("state machine safety: node %d applies %q at index %d, another node applied %q", id,
			data, index, other)
	}
	w.log[index] = string(data)
}

// linearizable checks the clients' history: each key is a register.
func (w *world) linearizable() error {
	model := porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make([][]porcupine.Operation, 2)
			for _, op := range history {
				key := int(op.Input.(request).Key[1] - '0')
				parts[key] = append(parts[key], op)
			}
			return parts
		},
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			if r := input.(request); !r.Get {
				return true, r.Value
			}
			return output == state, state
		},
	}
	if !porcupine.CheckOperations(model, w.history) {
		return errors.New("the history of the clients is not linearizable")
	}
	return nil
}
