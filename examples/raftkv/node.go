// Package raftkv is a replicated key-value store on five simulated nodes: go.etcd.io/raft/v3, unmodified, over the
// simulated network and disk of simsched, with crashes, restarts and partitions. Its test states the invariants,
// finds a seeded bug, and replays the run that shows it.
package raftkv

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
)

// request is a command of a client. It is stored in the log unchanged.
type request struct {
	Client, Seq int
	Get         bool
	Key, Value  string
	ReplyTo     string
}

// reply is the answer of the leader after the command was applied.
type reply struct {
	Seq   int
	Value string
}

// node is one member of the cluster. A crash of its host loses everything except its disk.
type node struct {
	id    uint64
	sim   *simsched.Sim
	host  *simsched.Host
	disk  *simdisk.Disk
	world *world

	storage *raft.MemoryStorage // the content of the disk, in the form that raft reads
	raft    *raft.RawNode
	wal     *simdisk.File
	conn    net.PacketConn
	store   map[string]string
	last    map[int]reply // last reply by client, so that a repeated command is applied only once
}

const (
	tick            = 10 * time.Millisecond
	electionTimeout = 15 * tick // and up to a third more: short, so that elections collide
	port            = ":7000"
)

// start starts a node with the content of its disk.
func (n *node) start() {
	n.host.Go("raft", n.run)
}

func (n *node) run() error {
	if err := n.recover(); err != nil {
		return err
	}
	var err error
	if n.conn, err = n.host.ListenPacket("udp", port); err != nil {
		return err
	}
	inbox := simsched.NewChan[[]byte](n.sim, n.host.Name()+" inbox", 64)
	n.host.Go("receive", func() error { return n.receive(inbox) })

	ticker := n.sim.NewTicker(tick)
	patience := n.patience()
	for {
		var packet []byte
		switch n.sim.Select(inbox.OnRecv(&packet, nil), ticker.C.OnRecv(nil, nil)) {
		case 0:
			if n.handle(packet) {
				patience = n.patience()
			}
		case 1:
			n.raft.Tick()
			if patience -= tick; patience <= 0 {
				patience = n.patience()
				_ = n.raft.Campaign() // a leader refuses it and does not need it
			}
		}
		for n.raft.HasReady() {
			if err := n.ready(); err != nil {
				return err
			}
		}
		if n.raft.BasicStatus().RaftState == raft.StateLeader {
			patience = n.patience()
		}
	}
}

// patience returns how long to wait for a leader. raft would draw it from crypto/rand; here it is a choice of the
// run, and raft's own timeout is set so high that it never fires.
func (n *node) patience() time.Duration {
	return electionTimeout + time.Duration(n.sim.Rand("election").Int64N(int64(electionTimeout/3)))
}

func (n *node) receive(inbox *simsched.Chan[[]byte]) error {
	buf := make([]byte, 1<<16)
	for {
		size, _, err := n.conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		inbox.Send(append([]byte(nil), buf[:size]...))
	}
}

// handle processes a packet from a peer or a client. It reports whether it came from a leader, or from a candidate
// that got the vote of this node.
func (n *node) handle(packet []byte) (heard bool) {
	switch kind, body := packet[0], packet[1:]; kind {
	case 'r':
		_ = n.raft.Propose(body) // refused without a leader; the client tries again
	case 'm':
		var m pb.Message
		if proto.Unmarshal(body, &m) != nil {
			return false
		}
		term := n.raft.BasicStatus().HardState.GetTerm()
		_ = n.raft.Step(&m) // raft drops messages that it does not accept
		return m.GetTerm() >= term && (m.GetType() == pb.MsgApp || m.GetType() == pb.MsgHeartbeat)
	}
	return false
}

// ready carries out what raft asks for: first on disk, then to the peers, then in the store.
func (n *node) ready() error {
	rd := n.raft.Ready()
	if err := n.save(rd.HardState, rd.Entries); err != nil {
		return err
	}
	if rd.SoftState != nil && rd.SoftState.RaftState == raft.StateLeader {
		n.world.leads(n.raft.BasicStatus().HardState.GetTerm(), n.id)
	}
	for _, m := range rd.Messages {
		b, err := proto.Marshal(m)
		if err != nil {
			return err
		}
		n.send(hostName(m.GetTo())+port, 'm', b)
	}
	for _, e := range rd.CommittedEntries {
		n.apply(e)
	}
	n.raft.Advance(rd)
	return nil
}

// send sends a packet. Delivery is best effort, as with UDP.
func (n *node) send(address string, kind byte, body []byte) {
	to, err := n.world.resolve(address)
	if err == nil {
		_, _ = n.conn.WriteTo(append([]byte{kind}, body...), to)
	}
}

// apply executes a committed command and answers the client.
func (n *node) apply(e *pb.Entry) {
	n.world.applied(n.id, e.GetIndex(), e.GetData())
	var r request
	if len(e.GetData()) == 0 || json.Unmarshal(e.GetData(), &r) != nil {
		return // the empty entry that a new leader writes
	}
	answer := n.last[r.Client]
	if answer.Seq < r.Seq {
		if !r.Get {
			n.store[r.Key] = r.Value
		}
		answer = reply{r.Seq, n.store[r.Key]}
		n.last[r.Client] = answer
	}
	if answer.Seq == r.Seq {
		b, _ := json.Marshal(answer)
		n.send(r.ReplyTo, 'a', b)
	}
}

// The log file is a sequence of records: a length of four bytes, then an Entry or, with the highest bit of the length
// set, a HardState.
const hardStateBit = 1 << 31

// save appends to the log file and syncs it. With the seeded bug, a vote stays in memory until the next entry is
// saved, as if losing a vote did no harm.
func (n *node) save(hard *pb.HardState, entries []*pb.Entry) error {
	if hard == nil && len(entries) == 0 {
		return nil
	}
	var b []byte
	if hard != nil {
		if err := n.storage.SetHardState(hard); err != nil {
			return err
		}
		b = appendRecord(b, hardStateBit, hard)
	}
	for _, e := range entries {
		b = appendRecord(b, 0, e)
	}
	if err := n.storage.Append(entries); err != nil {
		return err
	}
	if n.world.forgetVotes && len(entries) == 0 {
		return nil
	}
	if _, err := n.wal.Write(b); err != nil {
		return err
	}
	return n.wal.Sync()
}

func appendRecord(b []byte, bit uint32, m proto.Message) []byte {
	body, err := proto.Marshal(m)
	if err != nil {
		panic(err) // cannot happen: the message was built here
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))|bit), body...)
}

// recover reads the log file up to a record that a crash has cut off, and starts raft from it.
func (n *node) recover() error {
	n.storage, n.store, n.last = raft.NewMemoryStorage(), map[string]string{}, map[int]reply{}
	if err := n.storage.ApplySnapshot(firstSnapshot()); err != nil {
		return err
	}
	old, err := n.disk.ReadFile("wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	whole := 0
	for len(old)-whole >= 4 {
		length := binary.BigEndian.Uint32(old[whole:])
		end := whole + 4 + int(length&^hardStateBit)
		if end > len(old) {
			break
		}
		if err := n.restore(length&hardStateBit != 0, old[whole+4:end]); err != nil {
			break
		}
		whole = end
	}
	if n.wal, err = n.disk.OpenFile("wal", simdisk.OpenWrite|simdisk.OpenCreate, 0o644); err != nil {
		return err
	}
	if err := errors.Join(n.wal.Truncate(int64(whole)), n.wal.Sync(), n.disk.SyncDir(".")); err != nil {
		return err
	}
	if _, err := n.wal.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	n.raft, err = raft.NewRawNode(&raft.Config{
		ID: n.id, Storage: n.storage, Applied: 1, ElectionTick: 1 << 30, HeartbeatTick: 3,
		MaxSizePerMsg: 1 << 12, MaxInflightMsgs: 16,
		Logger: &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)},
	})
	return err
}

func (n *node) restore(hard bool, record []byte) error {
	if hard {
		var h pb.HardState
		return errors.Join(proto.Unmarshal(record, &h), n.storage.SetHardState(&h))
	}
	var e pb.Entry
	return errors.Join(proto.Unmarshal(record, &e), n.storage.Append([]*pb.Entry{&e}))
}

// firstSnapshot returns the snapshot that lists the members.
func firstSnapshot() *pb.Snapshot {
	voters := &pb.ConfState{}
	for id := uint64(1); id <= nodes; id++ {
		voters.Voters = append(voters.Voters, id)
	}
	return &pb.Snapshot{Metadata: &pb.SnapshotMetadata{ConfState: voters, Index: proto.Uint64(1), Term: proto.Uint64(1)}}
}

func hostName(id uint64) string { return fmt.Sprintf("node-%d", id) }
