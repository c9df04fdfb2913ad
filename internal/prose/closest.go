package prose

// Closest returns the candidate that a mistyped word most probably means, "" if it resembles none: at most one mistake
// in a word of three letters or more, two in one of six. A mistake is a letter that is missing, too much or wrong, or
// two letters that changed places. Of equally close candidates the first is returned.
func Closest(word string, candidates []string) (closest string) {
	most := 0
	switch n := len(word); {
	case n >= 6:
		most = 2
	case n >= 3:
		most = 1
	}
	for _, c := range candidates {
		if d := distance(word, c); d > 0 && d <= most {
			closest, most = c, d-1
		}
	}
	return closest
}

// distance returns the least number of mistakes that make b of a: the optimal string alignment distance. It keeps
// three rows of the table of the distances of all prefixes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
