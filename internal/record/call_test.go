package record

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// drawCall draws a call as the runtime writes one.
func drawCall(t *rapid.T) Call {
	return Call{
		What: CallKind(rapid.IntRange(1, int(CallEnv)).Draw(t, "what")), G: rapid.Uint32().Draw(t, "g"),
		Turn: rapid.Uint32().Draw(t, "turn"), Object: rapid.Uint32().Draw(t, "object"),
		Result: rapid.Int64().Draw(t, "result"),
		Hash:   rapid.Uint64().Draw(t, "hash"), Size: rapid.Uint32().Draw(t, "size"),
		Address: rapid.SliceOfN(rapid.Byte(), 0, maxCallAddress).Draw(t, "address"),
		Data:    rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data"),
	}
}

// TestCallsBack: what is written is read back, and has the length that Room says.
func TestCallsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawCall), 0, 5).Draw(t, "calls")
		b, room := AppendCalls(nil, list), 0
		for i := range list {
			room += list[i].Room()
		}
		if len(b) != room {
			t.Fatalf("%d bytes, Room says %d", len(b), room)
		}
		got, err := ParseCalls(b)
		if err != nil || len(got) != len(list) {
			t.Fatalf("%d calls, %v; want %d", len(got), err, len(list))
		}
		for i := range got {
			a, b := got[i], list[i]
			if !bytes.Equal(a.Address, b.Address) || !bytes.Equal(a.Data, b.Data) {
				t.Fatalf("call %d has other bytes", i)
			}
			if a.Address, a.Data, b.Address, b.Data = nil, nil, nil, nil; !reflect.DeepEqual(a, b) {
				t.Fatalf("call %d: %+v, want %+v", i, a, b)
			}
		}
		if _, err := ParseCalls(b[:max(len(b)-1, 0)]); err == nil && len(b) > 0 {
			t.Fatal("a byte less is read without an error")
		}
	})
}

// FuzzCalls: no bytes that a program has written over the tape lead to a panic or to more memory than they explain.
func FuzzCalls(f *testing.F) {
	f.Add(AppendCalls(nil, []Call{{What: CallRead, G: 1, Result: 3, Size: 3, Data: []byte("abc")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseCalls(b)
		if err == nil && len(AppendCalls(nil, list)) != len(b) {
			t.Errorf("%d bytes are read as %d calls", len(b), len(list))
		}
		tape := Tape{Calls: list}
		for i := range list {
			list[i].Valid()
			_ = tape.Place(list[i].What, list[i].Object)
		}
		_ = tape.Stored().String()
	})
}

// TestCallValid: what no run makes is not valid.
func TestCallValid(t *testing.T) {
	for _, c := range []struct {
		call Call
		want bool
	}{
		{Call{}, false},
		{Call{What: CallEnv + 1}, false},
		{Call{What: CallConnect, Result: -115}, true},
		{Call{What: CallConnect, Result: -5000}, false},
		{Call{What: CallRead, Result: 3, Size: 3, Data: []byte("abc")}, true},
		{Call{What: CallRead, Result: 2, Size: 2, Data: []byte("abc")}, false},
		{Call{What: CallRead, Result: 3, Size: 2, Data: []byte("abc")}, false},
		{Call{What: CallPipe, Result: -1, Data: []byte("abc")}, false},
		{Call{What: CallWrite, Address: make([]byte, maxCallAddress+1)}, false},
	} {
		if got := c.call.Valid(); got != c.want {
			t.Errorf("%+v: %v", c.call, got)
		}
	}
}

// TestAddressText: addresses in the form of Linux are read, and others are not.
func TestAddressText(t *testing.T) {
	for text, b := range map[string][]byte{ // lint: order does not matter because each is checked alone
		"127.0.0.1:8080": {2, 0, 0x1f, 0x90, 127, 0, 0, 1},
		"[::1]:80":       append(append([]byte{10, 0, 0, 80, 0, 0, 0, 0}, make([]byte, 15)...), 1),
		`"/tmp/s"`:       []byte("\x01\x00/tmp/s\x00"),
		`"@abc"`:         []byte("\x01\x00\x00abc"),
		"":               {2, 0, 1},
	} {
		if got := addressText(b); got != text {
			t.Errorf("% x is %q, want %q", b, got, text)
		}
	}
	if got := addressText(nil) + addressText([]byte{1, 0}) + addressText([]byte{9, 9, 9, 9}); got != "" {
		t.Errorf("%q for what is no address", got)
	}
}
