// Package explore searches for failing runs of one test: a campaign over seeds.
//
// A [Subject] makes runs, each from a [Plan], and says what happened. A [Campaign] decides which runs to make and what
// their results mean. It knows nothing of the world that a subject runs programs in: simulated and ordinary tests are
// two subjects of the same campaign. It prints nothing; a front end reports what it found.
package explore
