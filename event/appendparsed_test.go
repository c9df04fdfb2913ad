package event

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAppendParsed decodes many events at once and one by one, also where one of them is damaged or in another form.
func TestAppendParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		n := rapid.IntRange(0, 20).Draw(t, "events")
		for range n {
			b = anyEvent.Draw(t, "event").AppendMsgpack(b)
			if rapid.IntRange(0, 9).Draw(t, "wide") == 0 {
				b = append(b, 0x92, 0xa8, 'R', 'n', 'g', 'V', 'a', 'l', 'u', 'e', 0xcf, 0, 0, 0, 0, 0, 0, 0, 1)
				n++
			}
		}
		if len(b) > 0 && rapid.Bool().Draw(t, "damage") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= rapid.Byte().Draw(t, "by")
		}
		before := []Event{RngValue(1), RngValue(2)}
		want, wantUsed := slices.Clone(before), 0
		var wantErr error
		for i := range n {
			e, size, err := consumeMsgpack(b[wantUsed:])
			if err != nil {
				var d *DecodeError
				if !errors.As(err, &d) {
					t.Fatalf("the error is %v", err)
				}
				at := *d
				at.Offset, at.Index = at.Offset+int64(wantUsed), int64(i)
				wantErr = &at
				break
			}
			want, wantUsed = append(want, e), wantUsed+size
		}
		got, used, err := AppendParsed(slices.Clone(before), b, n)
		if !slices.Equal(got, want) || used != wantUsed || (err == nil) != (wantErr == nil) ||
			err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%d events in %d bytes, %v; want %d in %d, %v", len(got), used, err, len(want), wantUsed, wantErr)
		}
	})
}
