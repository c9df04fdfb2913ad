package sctbench_test

// program is a program with a bug, or without one if it says so.
type program struct {
	name      string
	published string // its row in testdata/published.csv
	run       func(world)
	correct   bool
	always    bool // every schedule fails
}

// programs are all programs, the measured ones first.
var programs = []program{
	{name: "account", published: "CS/account", run: account},
	{name: "circular_buffer", published: "CS/circular_buffer", run: circularBuffer},
	{name: "deadlock01", published: "CS/deadlock01", run: deadlock01},
	{name: "lazy01", published: "CS/lazy01", run: lazy01},
	{name: "queue", published: "CS/queue", run: queueOfInts},
	{name: "reorder_3", published: "CS/reorder_3", run: reorder(2, 1)},
	{name: "reorder_4", published: "CS/reorder_4", run: reorder(3, 1)},
	{name: "reorder_5", published: "CS/reorder_5", run: reorder(4, 1)},
	{name: "reorder_20", published: "CS/reorder_20", run: reorder(10, 10)},
	{name: "reorder_50", published: "CS/reorder_50", run: reorder(40, 10)},
	{name: "reorder_100", published: "CS/reorder_100", run: reorder(99, 1)},
	{name: "stack", published: "CS/stack", run: stack},
	{name: "twostage", published: "CS/twostage", run: twostage(1, 1)},
	{name: "twostage_20", published: "CS/twostage_20", run: twostage(10, 10)},
	{name: "twostage_100", published: "CS/twostage_100", run: twostage(99, 1)},
	{name: "wronglock", published: "CS/wronglock", run: wronglock(7)},
	{name: "wronglock_3", published: "CS/wronglock_3", run: wronglock(3)},
	{name: "stringbuffer", published: "CB/stringbuffer-jdk1.4", run: stringBuffer},
	{name: "WorkStealQueue", published: "Chess/WorkStealQueue", run: workStealQueue},
	{name: "StateWorkStealQueue", published: "Chess/StateWorkStealQueue", run: withState((*stealing).whole)},
	{
		name: "InterlockedWSQWithState", published: "Chess/InterlockedWorkStealQueueWithState",
		run: withState((*stealing).halves),
	},
	{name: "boundedBuffer", published: "Inspect_benchmarks/boundedBuffer", run: boundedBuffer},
	{name: "qsort_mt", published: "Inspect_benchmarks/qsort_mt", run: qsort},
	{name: "SafeStack", published: "SafeStack", run: safeStack},
	{name: "CVE-2016-7911", published: "ConVul-CVE-Benchmarks/CVE-2016-7911", run: cve7911},
	{name: "CVE-2016-9806", published: "ConVul-CVE-Benchmarks/CVE-2016-9806", run: cve9806},
	{name: "CVE-2016-1972", published: "ConVul-CVE-Benchmarks/CVE-2016-1972", run: cve1972},
	{name: "CVE-2009-3547", published: "ConVul-CVE-Benchmarks/CVE-2009-3547", run: cve3547},
	{name: "CVE-2015-7550", published: "ConVul-CVE-Benchmarks/CVE-2015-7550", run: cve7550},

	{name: "bbuf", published: "Inspect_benchmarks/bbuf", run: bbuf, correct: true},
	{name: "WorkStealQueue-fixed", run: workStealQueueFixed, correct: true},

	{name: "arithmetic_prog", run: arithmeticProg, always: true},
	{name: "phase01", run: phase01, always: true},
	{name: "sync01", run: sync01, always: true},
	{name: "sync02", run: sync02, always: true},
	{name: "din_phil2", run: philosophers(2)},
	{name: "din_phil3", run: philosophers(3)},
	{name: "din_phil4", run: philosophers(4)},
	{name: "din_phil5", run: philosophers(5), always: true},
	{name: "din_phil6", run: philosophers(6), always: true},
	{name: "din_phil7", run: philosophers(7), always: true},
	{name: "fsbench", run: fsbench, always: true},
}
