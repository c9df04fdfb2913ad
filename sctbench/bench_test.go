package sctbench_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"testing"
)

// published returns the cells of the published table, by program and column.
func published(tb testing.TB) map[string]map[string]string {
	tb.Helper()
	f, err := os.Open("testdata/published.csv")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	cells := map[string]map[string]string{}
	for _, row := range rows[1:] {
		cells[row[0]] = map[string]string{}
		for i, cell := range row {
			cells[row[0]][rows[0][i]] = cell
		}
	}
	return cells
}

// String returns a cell as it is published: mean and standard deviation of the trials that found the bug, with a star
// if not all did.
func (r result) String() string {
	switch {
	case r.found == 0:
		return "-"
	case r.found < r.trials:
		return fmt.Sprintf("%.0f±%.0f*", r.mean, r.deviation)
	}
	return fmt.Sprintf("%.0f±%.0f", r.mean, r.deviation)
}

// BenchmarkFirstBug measures the schedules to the first bug, in 20 trials, beside the published figures; that takes
// some minutes. With -short it makes one trial of 100 schedules at most, which says nothing but that it runs.
func BenchmarkFirstBug(b *testing.B) {
	trials, most := 20, 10_000
	if testing.Short() {
		trials, most = 1, 100
	}
	eachContender(b, func(_ *testing.B, p program, c contender) result { return c.measure(p.body(false), trials, most) })
}

// eachContender measures each strategy on each program with a bug that some schedules show, beside the published
// figures.
func eachContender(b *testing.B, measure func(*testing.B, program, contender) result) {
	cells := published(b)
	for _, p := range programs {
		if p.correct || p.always {
			continue
		}
		for _, c := range contenders {
			b.Run(p.name+"/"+c.name, func(b *testing.B) {
				for range b.N {
					r := measure(b, p, c)
					b.ReportMetric(r.mean, "schedules")
					b.ReportMetric(float64(r.found), "found")
					b.Logf("%-24s %-8s %14s   published %s", p.name, c.name, r, cells[p.published][c.column])
				}
			})
		}
	}
}
