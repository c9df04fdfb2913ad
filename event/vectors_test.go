package event

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The files in testdata/vectors were produced by an independent implementation of the schema (Rust, serde with
// rmp-serde and serde_json). They decide; they are never rewritten.

func readVector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func vectorRows(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	var rows [][]string
	for i, line := range strings.Split(strings.TrimSuffix(string(readVector(t, name)), "\n"), "\n") {
		row := strings.Split(line, "\t")
		if len(row) != columns {
			t.Fatalf("%s:%d: %d columns, want %d", name, i+1, len(row), columns)
		}
		rows = append(rows, row)
	}
	return rows
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectorEvents(t *testing.T) {
	seen := map[Kind]bool{}
	for i, row := range vectorRows(t, "events.tsv", 4) {
		array, named, text := unhex(t, row[0]), unhex(t, row[1]), row[3]
		e, n, err := consumeMsgpack(array)
		if err != nil || n != len(array) {
			t.Fatalf("row %d: array form: %v, %d of %d bytes", i+1, err, n, len(array))
		}
		seen[e.Kind()] = true
		if f, n, err := consumeMsgpack(named); err != nil || n != len(named) || f != e {
			t.Errorf("row %d: map form: %v, %d of %d bytes, %v, want %v", i+1, err, n, len(named), f, e)
		}
		var f Event
		if err := f.UnmarshalJSON([]byte(text)); err != nil || f != e {
			t.Errorf("row %d: JSON form: %v, %v, want %v", i+1, err, f, e)
		}
		if got := e.AppendMsgpack(nil); !bytes.Equal(got, array) {
			t.Errorf("row %d: encoded %x, want %x", i+1, got, array)
		}
		if got := string(e.AppendJSON(nil)); got != text {
			t.Errorf("row %d: JSON %s, want %s", i+1, got, text)
		}
		if got := strconv.Itoa(e.EstimatedSize()); got != row[2] {
			t.Errorf("row %d: estimated size %s of %v, want %s", i+1, got, e, row[2])
		}
	}
	for k := range Kinds() {
		if !seen[k] {
			t.Errorf("no vector has kind %v", k)
		}
	}
}

func TestVectorTraces(t *testing.T) {
	for _, name := range []string{"empty", "one", "mixed", "large"} {
		t.Run(name, func(t *testing.T) {
			packed, text := readVector(t, name+".msgpack"), readVector(t, name+".msgpack.jsonl")
			tr, err := ParseMsgpack(packed)
			if err != nil {
				t.Fatal(err)
			}
			named, err := ParseMsgpack(readVector(t, name+".msgpack.named"))
			if err != nil || !named.Equal(tr) {
				t.Errorf("the map form differs: %v", err)
			}
			for _, wrap := range readers {
				checkMsgpackReader(t, packed, wrap)
				checkMsgpackReader(t, readVector(t, name+".msgpack.named"), wrap)
				checkJSONLReader(t, text, wrap)
			}
			lines, err := ReadJSONL(bytes.NewReader(text))
			if err != nil || !lines.Equal(tr) {
				t.Errorf("the JSON form differs: %v", err)
			}
			var b bytes.Buffer
			if err := tr.WriteMsgpack(&b); err != nil || !bytes.Equal(b.Bytes(), packed) {
				t.Errorf("WriteMsgpack gives other bytes: %v", err)
			}
			b.Reset()
			if err := tr.WriteJSONL(&b); err != nil || !bytes.Equal(b.Bytes(), text) {
				t.Errorf("WriteJSONL gives other bytes: %v", err)
			}
		})
	}
}

func TestVectorVerdicts(t *testing.T) {
	rows := vectorRows(t, "verdicts.tsv", 3)
	if len(rows) != 40 {
		t.Fatalf("%d verdicts, want 40", len(rows))
	}
	for _, row := range rows {
		input, verdict, probes := unhex(t, row[0]), row[1], row[2]
		if probes == "trailing" {
			verdict = "err" // the one deliberate difference
		}
		_, err := ParseMsgpack(input)
		if (err == nil) != (verdict == "ok") {
			t.Errorf("%s (%x): error %v, want verdict %s", probes, input, err, verdict)
		}
		_, streamErr := ReadMsgpack(bytes.NewReader(input))
		if (streamErr == nil) != (err == nil) {
			t.Errorf("%s: from a reader: error %v, from bytes: %v", probes, streamErr, err)
		}
		checkMsgpackReader(t, input, readers["half"])
		var de *DecodeError
		if err != nil && !errors.As(err, &de) {
			t.Errorf("%s: %T is not a DecodeError", probes, err)
		}
		if err != nil {
			t.Logf("%-22s %v", probes, err)
		}
	}
}
