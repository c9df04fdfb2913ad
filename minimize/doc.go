// Package minimize finds, for a failing run, the smallest run that fails in the same way. It works over any [Subject],
// and so for simulated and ordinary tests alike.
//
// A run is represented by its script: the choices whose outcome is not the default (package strategy). Because a
// deviation is identified by what its own task has done, and not by its position in the run, most deviations can be
// removed without moving the others. What is left are the choices that the failure needs.
//
// The package reads no clock and no randomness, and prints nothing. It must not know how a run is made or reported.
package minimize
