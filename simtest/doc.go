// Package simtest is the `go test` helper: it runs a simulated program under many seeds, and makes of a failing run a
// report, a trace file, and commands that reproduce it.
//
// [Check] is all that most tests need:
//
//	func TestTransfer(t *testing.T) {
//		simtest.Check(t, func(s *simsched.Sim) error { ... })
//	}
//
// It runs the pinned traces of the test first, those in testdata/reprise/<TestName>/, then seeds. The seeds derive from
// the name of the test, so that every machine runs the same ones. A failing run is made once more, from its trace. If it
// fails the same way, the trace is kept. If not, the verdict is flaky: something in the program is no function of the
// choices that the simulation makes.
//
// # The body
//
// The body runs once for each seed, and again when it fails, so it must make everything that it uses anew. It fails by
// returning an error, by a panic, by a deadlock or a leak, or by t.Fatal and its like, in any task; t.Error counts as well.
// A task that blocks outside the simulation for ten seconds, on a real channel, lock or sleep, fails the test with its name
// and its stack, and ends it. t.Skip in any task skips the test. Since a test that has failed cannot fail again, Check ends with the first seed under
// which the body itself marks the test as failed.
//
// # Subtests
//
// Each pinned trace is a subtest pin=<file>, each seed a subtest seed=0x<16 digits>. A seed that passes is run without
// its subtest unless -v, -json, -run or -skip make a difference to it. Where -run names one seed, as in
//
//	go test -run '^TestTransfer$/^seed=0x00000000000004d2$'
//
// that seed is run, whether or not it is among those that derive from the name. In a benchmark or a fuzz target there are
// no subtests.
//
// # Flags
//
// A flag stands behind the package on the command line of go test, which passes it on to the test. Its environment twin
// also reaches packages that do not know the flag; the flag wins.
//
//	-reprise.seed         REPRISE_SEED         run only these seeds: numbers, decimal or hex as in 0x4d2, with commas between
//	-reprise.seeds        REPRISE_SEEDS        how many seeds are run
//	-reprise.budget       REPRISE_BUDGET       how long seeds are run, such as 30s, instead of a number
//	-reprise.trace        REPRISE_TRACE        run only what this file has recorded; a path from the folder of the package
//	-reprise.determinism  REPRISE_DETERMINISM  make each passing run twice more and compare them
//	-reprise.strategy     REPRISE_STRATEGY     how the next task is chosen, by the name of a strategy
//	-reprise.leaks        REPRISE_LEAKS        whether tasks that are left waiting fail the run: auto, fail, report or off
//	-reprise.update       REPRISE_UPDATE       pin failing runs, and record pinned traces anew that pass but differ by now
//	-reprise.artifacts    REPRISE_ARTIFACTS    the folder for traces and reports of failing runs
//
// [Check] also heeds go test's own flags: with -short a tenth of the seeds is run; with -failfast it ends with the first
// failing seed; it ends before the -timeout is over and says how far it came; with -count each count runs the same seeds.
//
// # Artifacts
//
// A passing run leaves nothing. A failing one leaves its trace and its report: in a folder of its test below
// REPRISE_ARTIFACTS if that is set; in t.ArtifactDir() with -artifacts; else, since the artifact folder would be removed
// with the end of the test, in a folder of its test below reprise-<user> in [os.TempDir]. The report names the file.
package simtest
