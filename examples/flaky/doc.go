// Package flaky is a small service with a bug that its ordinary test does not show: a cache with expiry that refreshes
// old values in the background, by a pool of workers. docs/tutorial.md tells how package simtest finds the bug and keeps
// it from coming back. The code here is mended; the code with the bug is in testdata/before.txt.
package flaky
