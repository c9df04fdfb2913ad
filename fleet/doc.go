// Package fleet shares the search of `reprise test` among many machines. It is the command reprise-fleet as a library.
//
// A campaign is the search of all seeds of the tests of some packages. Its algorithm:
//
//  1. The coordinator builds each test binary once, as `reprise test` does, and stores it under its hash, with the
//     files of its package, in JetStream's object store. A signed specification names the hashes and the tests.
//  2. It plans items, each of which is some consecutive seeds of one test, and publishes them, signed, on a work queue.
//     The number of items under way is bounded by the number of workers.
//  3. A worker takes an item, checks signatures and hashes, runs the seeds in a process and a folder of its own, and
//     publishes which of them just pass, and what the others show. Then it acknowledges the item. An item that is not
//     acknowledged in time goes to another worker; one that has failed on every attempt is given up, and listed.
//  4. The coordinator joins the results of each test in the order of the seeds ([ledger]). The sum is a function of the
//     set of results: it depends neither on the number of workers nor on the order of their answers.
//  5. The first failing run of each signature, in the order of the seeds, is an item too: a worker that has not found
//     it makes it again, replays it and searches for the smallest run.
//  6. When all is planned and done, the coordinator runs the campaign as `reprise test` does, on its own machine, but
//     makes only the first run of each signature and, by its script, the smallest. So every finding is confirmed,
//     deduplicated and reported by the one engine that there is.
//
// All state is in JetStream: the specification, the state, the items, the results. A coordinator that is killed is
// resumed by reading the results from the beginning.
package fleet
