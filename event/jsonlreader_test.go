package event

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// JSONLReader against ReadJSONL, the lines it shows, and the fast path for lines in the canonical form, which must be
// taken for exactly those lines.

// checkJSONLReader compares JSONLReader with ReadJSONL, and its lines with the input.
func checkJSONLReader(t tester, input []byte, wrap func(io.Reader) io.Reader) {
	t.Helper()
	whole, wholeErr := ReadJSONL(wrap(bytes.NewReader(input)))
	r, err := NewJSONLReader(wrap(bytes.NewReader(input)))
	checkStreamed(t, input, whole, wholeErr, r, err)
	if r, err = NewJSONLReader(bytes.NewReader(input)); err != nil {
		return
	}
	for line := range bytes.Lines(input) {
		want := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if err != nil || !bytes.Equal(r.Line(), want) {
			t.Fatalf("%q: the line is %q, %v; want %q", input, r.Line(), err, want)
		}
		if _, err = r.Next(); err != nil && err != io.EOF {
			return
		}
	}
	if err != io.EOF || r.Line() != nil {
		t.Fatalf("%q: after the last line %q, %v; want none and io.EOF", input, r.Line(), err)
	}
}

func TestJSONLReaderPrefixes(t *testing.T) {
	for _, name := range []string{"one.msgpack.jsonl", "mixed.msgpack.jsonl"} {
		input := readVector(t, name)
		for n := range min(len(input), 2000) {
			checkJSONLReader(t, input[:n], readers["whole"])
		}
	}
}

// TestJSONLReaderLine: a caller finds the keys that the schema passes over, on the line with the error too.
func TestJSONLReaderLine(t *testing.T) {
	lines := []string{
		`{"version":1,"seed":42,"recorded_at":0,"config_hash":0,"host":"a"}`, `{"type":"RngSeed","seed":42,"note":"b"}`,
		` {"type":"RngSeed","seed":-1,"note":"c"}`,
	}
	r, err := NewJSONLReader(strings.NewReader(strings.Join(lines, "\r\n")))
	for i, line := range lines {
		if got := string(r.Line()); got != line || (err != nil) != (i == 2) {
			t.Errorf("line %d: %s, %v; want %s", i, got, err, line)
		}
		_, err = r.Next()
	}
	checkBad(t, "Next", badInput{"negative seed", "",
		"event: line 3, event 1, RngSeed.seed: malformed trace: negative number -1 where an unsigned one is needed",
		ErrMalformed, onLine(3, "RngSeed.seed")}, err)
	if got := string(r.Line()); got != lines[2] {
		t.Errorf("after the error, the line is %s, want %s", got, lines[2])
	}
}

func TestLawJSONLReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		if err := anyTrace.Draw(t, "trace").WriteJSONL(&b); err != nil {
			t.Fatal(err)
		}
		input := b.Bytes()
		if rapid.Bool().Draw(t, "damaged") {
			input = damageJSON(t, input)
		}
		for _, wrap := range readers {
			checkJSONLReader(t, input, wrap)
		}
	})
}

// damageJSON changes, inserts or takes out one byte of text.
func damageJSON(t *rapid.T, text []byte) []byte {
	from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
	to := min(len(text), from+rapid.IntRange(0, 1).Draw(t, "bytes out"))
	in := rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789-+.e nul{}[]\",:\\tTR\n\x00\xff")), 0, 1).Draw(t, "bytes in")
	return slices.Replace(bytes.Clone(text), from, to, in...)
}

// checkFastJSON: the fast path takes the lines that AppendJSON writes and no others, and reads them as the general path
// does.
func checkFastJSON(t tester, line []byte) {
	t.Helper()
	fast, ok := parseJSON(line)
	e, err := generalJSON(line)
	canonical := err == nil && bytes.Equal(e.AppendJSON(nil), line)
	if ok != canonical || canonical && fast != e || !ok && fast != (Event{}) {
		t.Fatalf("%s: the fast path gives %v, %v; the general path %v, %v", line, fast, ok, e, err)
	}
}

func TestLawFastJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := anyEvent.Draw(t, "event").AppendJSON(nil)
		checkFastJSON(t, line)
		if _, ok := parseJSON(line); !ok {
			t.Fatalf("the fast path refuses %s", line)
		}
		for range 20 {
			checkFastJSON(t, damageJSON(t, line))
		}
	})
}

// TestFastJSONEdges: what is almost canonical, in each field and behind it.
func TestFastJSONEdges(t *testing.T) {
	values := []string{
		"0", "-0", "00", "01", "-1", "-01", "--1", "-", "", "+1", "1.0", "1e0", "null", "nul", "nulll", "n", "true", `"1"`,
		"255", "256", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "18446744073709551616", "18446744073709551620",
		"99999999999999999999", "184467440737095516150", "/", ":", "1 ", " 1",
	}
	for k := range Kinds() {
		for odd := range table[k].fields {
			for _, value := range values {
				line := ""
				for i := range table[k].fields {
					line += jsonBefore[k][i]
					if i == odd {
						line += value
					} else {
						line += "7"
					}
				}
				for _, end := range []string{"}", "", "}}", "} ", "}\n"} {
					checkFastJSON(t, []byte(line+end))
				}
			}
		}
	}
	for _, line := range []string{"", "}", "{}", "{", jsonStart, jsonStart + `"`, jsonStart + `"}`,
		jsonStart + `RngSeed"}`} {
		checkFastJSON(t, []byte(line))
	}
}

func TestFastJSONPrefixes(t *testing.T) {
	for _, row := range vectorRows(t, "events.tsv", 4) {
		for n := range len(row[3]) + 1 {
			checkFastJSON(t, []byte(row[3][:n]))
		}
	}
}

// TestJSONAllocatesNothing: a canonical line costs no memory, read or written.
func TestJSONAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 512)
	got := testing.AllocsPerRun(10, func() {
		for _, s := range samples {
			buf = s.event.AppendJSON(buf[:0])
			if e, err := parseEventJSON(buf); err != nil || e != s.event {
				t.Errorf("%s: %v, %v; want %v", buf, e, err, s.event)
			}
		}
	})
	if got > 0 {
		t.Errorf("%v allocations for %d events, want 0", got, len(samples))
	}
}

// TestJSONLReaderEnd: errors that are not those of a line.
func TestJSONLReaderEnd(t *testing.T) {
	r, err := NewJSONLReader(strings.NewReader(metaLine + seedLine + strings.Repeat(" ", maxLine+1)))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := r.Next(); err != nil || e != RngSeed(42) {
		t.Fatalf("the first event is %v, %v", e, err)
	}
	_, err = r.Next()
	if !errors.Is(err, ErrMalformed) || errorPlace(err) != onLine(3, "") || r.Line() != nil {
		t.Errorf("a line over the limit: %v, line %q", err, r.Line())
	}
}
