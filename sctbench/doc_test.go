// Package sctbench_test measures how many schedules each strategy needs to find the bugs of SCTBench and of
// neighbouring collections (Thomson, Donaldson and Betts, "Concurrency Testing Using Controlled Schedulers", ACM TOPC
// 2016), beside the published figures. The programs are written anew after descriptions of the originals, for simulated
// runs: an access to a shared variable is one scheduling point, as in the measurements of SURW and RFF.
//
// It has tests and benchmarks only:
//
//	go test ./sctbench -run - -bench . -benchtime 1x
package sctbench_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
