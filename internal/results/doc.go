// Package results holds what runs of `reprise test` leave behind for other machines, and `reprise report` merges: a
// file of JSON lines in a folder, beside the recordings of failing runs. It must not know how runs are made.
//
// # The file
//
// Each line of [File] is an object with a "kind". Keys and kinds are only ever added; readers skip those that they do
// not know.
//
//   - "run", the first line: when and as which shard the command ran ([Run]).
//   - "test": how many runs a test function had, and how many failed ([Test]).
//   - "finding": a finding, in the form of the flag --jsonl, with the file and the line of the code that it is about.
//
// # The report
//
// [Merge] adds up the files of all shards and machines in four steps.
//
//  1. The runs and failures of each test are added up.
//  2. Findings with equal signatures become one. Its failures are the sum over all files, and its runs are those of its
//     test, including the files in which the test did not fail that way.
//  3. A finding is new if the baseline, which is an earlier report, does not have its signature; otherwise it is known.
//     A finding of the baseline is gone if its test ran and did not fail that way, and unseen if its test did not run.
//  4. The numbers of each test are added to the history that the baseline has of it.
//
// A results file may come from a stranger. Its text is never a path that is opened, a command that is run, or markup.
package results
