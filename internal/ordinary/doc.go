// Package ordinary runs the test functions of an ordinary test binary, which was built with the control of package gort
// inside, each under many seeds in processes of its own, and prints what a test binary prints under
// -test.v=test2json. So "go test -exec" can start it in the place of the binary: that is what "reprise test" does.
//
// A failing seed is saved as a trace file, replayed twice from there, and told of in a subtest of its own, TestX/seed=0x…,
// with attributes for machines, as package simtest does. A passing test prints what its first run has printed.
//
// Seeds are handed out in order, and their results are looked at in that order, so that what is reported does not depend
// on the number of processors, as long as no limit of real time ends it.
package ordinary
