// Package flaky is a small service with a bug that its ordinary test does not show: a cache with expiry whose
// worker pool refreshes old values in the background. docs/tutorial.md shows how package simtest finds the bug and
// keeps it from coming back. The code here is fixed; the code with the bug is in testdata/before.txt.
package flaky
