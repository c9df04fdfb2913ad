// Package races has small data races, each in a test TestXRace, with a twin TestXFixed that is free of it. The tests pass
// unless a detector fails them.
package races
