// Package gotest is `reprise test`: it calls the go command, takes the place of the test binaries that the go command
// starts, and collects their findings. For `reprise replay` it also builds and replays the recordings of ordinary
// tests.
//
// [Options.Run] calls go test with an overlay and a wrapper, which is this program again, and reads what go test -json
// prints. [Main] is the wrapper. It takes the place of one test binary, runs each of its test functions under many
// seeds, and prints the output of a test binary in the form of -test.v=test2json. A failing seed is saved as a trace
// file, replayed twice from there, and reported in a subtest of its own, TestX/seed=0x…, with attributes, as package
// simtest does. A passing test prints the output of its first run. Results are handled in the order of the seeds, so
// that the findings do not depend on the number of processors as long as no limit of real time ends the search.
package gotest
