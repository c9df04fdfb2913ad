//go:build !linux

package gort

// outsideClasses is empty on systems on which gort does not run.
var outsideClasses map[int]string

// openCall is no system call.
const openCall = -1
