// Package wire is the table of all that passes between the reprise command and a test binary: environment variables,
// named REPRISE_*, on the way to the binary, and attributes of tests, named reprise.*, on the way back, as
// testing.T.Attr prints them and go test -json reports them.
//
// Each variable is a [Var] and each attribute an [Attr]: its name, its form, its parser, and the packages of the module
// that write and read it. No such name stands anywhere else. The tests of this package compare the table with the
// source: a variable that a package is said to read is read there, and the same for writing.
//
// The package knows names and forms. It does not know what a setting does.
package wire
