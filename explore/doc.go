// Package explore searches for failing runs of one test: a campaign over seeds.
//
// A [Subject] makes runs, each from a [Plan], and returns the results. A [Campaign] chooses the runs to make and judges
// their results. It does not know how a subject runs programs: simulated and ordinary tests are two subjects of the
// same campaign. It prints nothing; a front end reports the findings.
package explore
