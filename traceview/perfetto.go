package traceview

import (
	"bufio"
	"io"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/reprise-go/reprise/internal/cast"
)

// The numbers of fields in Perfetto's definitions (protos/perfetto/trace in its repository).
const (
	traceField = 1 // Trace.packet

	packetTime       = 8  // TracePacket.timestamp, in ns
	packetSequence   = 10 // TracePacket.trusted_packet_sequence_id
	packetEvent      = 11 // TracePacket.track_event
	packetDescriptor = 60 // TracePacket.track_descriptor

	trackUUID    = 1 // TrackDescriptor
	trackName    = 2
	trackProcess = 3
	trackParent  = 5
	trackCounter = 8

	processPID  = 1 // ProcessDescriptor
	processName = 6

	eventAnnotation = 4 // TrackEvent
	eventType       = 9
	eventTrack      = 11
	eventCategory   = 22
	eventName       = 23
	eventCounter    = 30
	eventFlow       = 47
	eventFlowEnd    = 48

	annotationInt    = 4 // DebugAnnotation
	annotationString = 6
	annotationName   = 10

	typeBegin   = 1 // TrackEvent.Type
	typeEnd     = 2
	typeInstant = 3
	typeCounter = 4
)

// The tracks besides those of the lanes, which have the numbers from firstLane.
const (
	runTrack  = 1
	timeTrack = 2
	firstLane = 16
)

// perTurn is the length of a turn on Perfetto's axis, in nanoseconds: the axis counts turns, since many turns take no
// virtual time, and virtual time is a counter beside them.
const perTurn = 1_000

// packet is a message with its moment; packets are written in the order of the moments.
type packet struct {
	at   uint64
	body []byte // a TrackEvent
}

// WritePerfetto writes the run in the trace format of Perfetto (https://perfetto.dev/docs): a track for each lane with
// a slice for each turn and each wait, a flow for each wake-up, an instant for each mark, and a counter of virtual
// time. A turn is a microsecond long.
func (m *Model) WritePerfetto(w io.Writer) error {
	out := bufio.NewWriter(w)
	put := func(at uint64, number protowire.Number, body []byte) {
		var p []byte
		p = protowire.AppendTag(p, packetTime, protowire.VarintType)
		p = protowire.AppendVarint(p, at)
		p = protowire.AppendTag(p, packetSequence, protowire.VarintType)
		p = protowire.AppendVarint(p, 1)
		p = appendMessage(p, number, body)
		out.Write(appendMessage(nil, traceField, p)) //nolint:errcheck // Flush returns the first error
	}
	for _, track := range m.tracks() {
		put(0, packetDescriptor, track)
	}
	for _, p := range m.packets() {
		put(p.at, packetEvent, p.body)
	}
	return out.Flush()
}

// tracks returns the descriptors of the tracks.
func (m *Model) tracks() (list [][]byte) {
	process := appendInt(nil, processPID, 1)
	process = appendText(process, processName, m.Title)
	list = append(list, appendMessage(appendInt(nil, trackUUID, runTrack), trackProcess, process))
	counter := appendText(appendInt(nil, trackUUID, timeTrack), trackName, "virtual time, ns")
	counter = appendInt(counter, trackParent, runTrack)
	list = append(list, appendMessage(counter, trackCounter, nil))
	for i, lane := range m.Lanes {
		t := appendText(appendInt(nil, trackUUID, uint64(firstLane+i)), trackName, lane.title())
		list = append(list, appendInt(t, trackParent, runTrack))
	}
	return list
}

// title is the name of a lane with that of its group.
func (l Lane) title() string {
	t := l.Short
	if l.Name != "" {
		t += " " + l.Name
	}
	if l.Group != "" {
		t += " (" + l.Group + ")"
	}
	return t
}

// packets returns the events of all tracks, in order.
func (m *Model) packets() (list []packet) {
	add := func(turn int, offset uint64, body []byte) {
		list = append(list, packet{at: uint64(turn-m.First+1)*perTurn + offset, body: body})
	}
	flows := m.flows()
	for i, t := range m.Turns {
		turn := m.First + i
		begin := trackEvent(typeBegin, firstLane+t.Lane)
		begin = appendText(appendText(begin, eventCategory, "turn"), eventName, t.name())
		begin = annotate(begin, "decision", uint64(t.Decision))
		begin = annotate(begin, "ready", uint64(t.Ready))
		begin = annotateText(begin, "stops at", cast.ShortSite(t.Place))
		for _, flow := range flows.from[turn] {
			begin = protowire.AppendFixed64(protowire.AppendTag(begin, eventFlow, protowire.Fixed64Type), flow)
		}
		for _, flow := range flows.to[turn] {
			begin = protowire.AppendFixed64(protowire.AppendTag(begin, eventFlowEnd, protowire.Fixed64Type), flow)
		}
		add(turn, 0, begin)
		add(turn, 0, appendInt(trackEvent(typeCounter, timeTrack), eventCounter, uint64(t.Time)))
		add(turn, perTurn-1, trackEvent(typeEnd, firstLane+t.Lane))
	}
	for _, w := range m.Waits {
		if from := max(w.From, m.First); from < w.To {
			begin := trackEvent(typeBegin, firstLane+w.Lane)
			begin = appendText(appendText(begin, eventCategory, w.State.String()), eventName, w.name())
			for _, h := range w.Holders {
				begin = annotateText(begin, "held by", m.Lanes[h].title())
			}
			add(from, 0, begin)
			add(w.To-1, perTurn-1, trackEvent(typeEnd, firstLane+w.Lane))
		}
	}
	for _, a := range m.Marks {
		track := runTrack
		if a.Lane >= 0 {
			track = firstLane + a.Lane
		}
		instant := appendText(trackEvent(typeInstant, track), eventCategory, a.Kind.String())
		add(a.Turn, perTurn/2, appendText(instant, eventName, a.Text))
	}
	slices.SortStableFunc(list, func(a, b packet) int { return int(int64(a.at) - int64(b.at)) })
	return list
}

// name is what is written on a turn.
func (t Turn) name() string {
	switch {
	case t.How == "":
		return "runs"
	case t.Object != "":
		return t.How + " on " + t.Object
	}
	return t.How
}

// name is what is written on a wait.
func (w Wait) name() string {
	if w.How == "" {
		return w.State.String()
	}
	return w.How
}

// flowIDs are the numbers of the flows that begin and end in each turn.
type flowIDs struct{ from, to map[int][]uint64 }

// flows connects the turn in which a task is woken or started to its next turn, and that of a send to that of the
// receive.
func (m *Model) flows() flowIDs {
	f := flowIDs{map[int][]uint64{}, map[int][]uint64{}}
	turns := make([][]int, len(m.Lanes))
	for i, t := range m.Turns {
		turns[t.Lane] = append(turns[t.Lane], m.First+i)
	}
	for i, a := range m.Arrows {
		first := a.Turn + 1
		if a.Kind == Sends {
			first = a.At
		}
		next, _ := slices.BinarySearch(turns[a.To], first)
		if at := m.At(a.Turn); next < len(turns[a.To]) && at != nil && at.Lane == a.From {
			to := turns[a.To][next]
			f.from[a.Turn] = append(f.from[a.Turn], uint64(i+1))
			f.to[to] = append(f.to[to], uint64(i+1))
		}
	}
	return f
}

func trackEvent(kind, track int) []byte {
	return appendInt(appendInt(nil, eventType, uint64(kind)), eventTrack, uint64(track))
}

func annotate(b []byte, name string, value uint64) []byte {
	return appendMessage(b, eventAnnotation, appendInt(appendText(nil, annotationName, name), annotationInt, value))
}

func annotateText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendMessage(b, eventAnnotation, appendText(appendText(nil, annotationName, name), annotationString, value))
}

func appendInt(b []byte, number protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), value)
}

func appendText(b []byte, number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), value)
}

func appendMessage(b []byte, number protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), body)
}
