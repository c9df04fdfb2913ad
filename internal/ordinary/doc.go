// Package ordinary runs the tests of ordinary packages for the reprise command, on top of package gort: it builds them,
// replays their recordings, and tells where two runs part. It knows no command line.
package ordinary
