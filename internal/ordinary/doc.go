// Package ordinary runs the tests of ordinary packages for the reprise command, on top of package gort: it runs the test
// functions of a binary under many seeds, builds and replays what was recorded, and tells where two runs part.
//
// [Main] takes the place of a test binary in "go test -exec", and prints what a test binary prints under
// -test.v=test2json. A failing seed is saved as a trace file, replayed twice from there, and told of in a subtest of its
// own, TestX/seed=0x…, with attributes for machines, as package simtest does. A passing test prints what its first run has
// printed. Seeds are handed out in order, and their results are looked at in that order, so that what is reported does
// not depend on the number of processors, as long as no limit of real time ends it.
package ordinary
