// Package simtest is the `go test` helper: it runs a simulated program under many seeds and turns a failing run
// into a report, a trace file, and commands that reproduce it.
//
// [Check] is all that most tests need:
//
//	func TestTransfer(t *testing.T) {
//		simtest.Check(t, func(s *simsched.Sim) error { ... })
//	}
//
// It first runs the pinned traces of the test, which are in testdata/reprise/<TestName>/, and then seeds: a hundred at
// least, and more for two seconds. The seeds derive from the name of the test, so that every machine runs the same
// ones, as far as it gets. A seed selects one of several strategies, which choose the next task; see package strategy.
// A failing run is repeated from its trace. If it fails in the same way, the trace is kept. If not, the verdict is
// flaky: the behaviour of the program is not a function of the choices that the simulation makes.
//
// The run of the first seed also counts what the tasks do, which some strategies need to know. It is therefore made
// before other seeds even where only these are asked for.
//
// # The body
//
// The body runs once for each seed, and again when it fails, so it must create everything that it uses. It fails by
// returning an error, by a panic, by a deadlock or a leak, or by t.Fatal and similar methods, in any task; t.Error
// counts as well. A task that blocks outside the simulation for ten seconds, on a real channel, lock or sleep, fails
// the test with its name and its stack, and ends the test. A goroutine that the body starts with a go statement, or
// that a library starts, must not use the simulation: the first run, that of a pinned trace or of a file, and one in
// 256 panic if one does. t.Skip in any task skips the test. Since a test that has failed cannot fail again, Check
// ends with the first seed under which the body itself marks the test as failed.
//
// # Subtests
//
// Each pinned trace is a subtest pin=<file>, each seed a subtest seed=0x<16 digits>. A seed that passes runs
// without a subtest unless -v, -json, -run or -skip make a difference to it; -v and -json do for the first hundred
// seeds, if their number was not set. If -run names one seed, as in
//
//	go test -run '^TestTransfer$/^seed=0x00000000000004d2$'
//
// that seed is run, whether or not it is among those that derive from the name. A benchmark or a fuzz target has no
// subtests.
//
// # Flags
//
// A flag follows the package on the command line of go test, which passes it on to the test. Each flag has an
// environment variable, which also reaches packages that do not know the flag. The flag overrides the variable.
//
//	-reprise.seed           REPRISE_SEED           run only these seeds, decimal or hex as in 0x4d2, separated by commas
//	-reprise.seeds          REPRISE_SEEDS          number of seeds to run
//	-reprise.shard          REPRISE_SHARD          which part of the seeds to run, such as 2/4
//	-reprise.budget         REPRISE_BUDGET         time during which seeds are run, such as 30s, instead of a number
//	-reprise.until-covered  REPRISE_UNTIL_COVERED  run seeds until so few more, such as 1%, would show another order
//	-reprise.exhaustive     REPRISE_EXHAUSTIVE     run every schedule with so many preemptions at most, or all
//	-reprise.trace          REPRISE_TRACE          replay only this file; the path is relative to the package folder
//	-reprise.determinism    REPRISE_DETERMINISM    repeat each passing run twice and compare the runs
//	-reprise.strategy       REPRISE_STRATEGY       name of the strategy that chooses the next task
//	-reprise.leaks          REPRISE_LEAKS          whether leaked tasks fail the run: auto, fail, report or off
//	-reprise.minimize       REPRISE_MINIMIZE       how long to look for the smallest run of a finding, or off
//	-reprise.update         REPRISE_UPDATE         pin failing runs, and record outdated pinned traces again
//	-reprise.artifacts      REPRISE_ARTIFACTS      folder for traces and reports of failing runs
//
// [Check] also respects the flags of go test: with -short it runs a tenth of the seeds; with -failfast it ends with
// the first failing seed; it ends before the -timeout is over and reports how far it came; with -count each count
// runs the same seeds.
//
// # Artifacts
//
// A passing run leaves no files. A failing run leaves its trace and its report: in a folder for the test below
// REPRISE_ARTIFACTS if that is set; with -artifacts, in t.ArtifactDir(); otherwise in a folder for the test below
// reprise-<user> in [os.TempDir], because the artifact folder would be removed at the end of the test. The report
// names the file.
package simtest
