//go:build !linux

package gort

// outsideClasses is empty where nothing runs under control.
var outsideClasses map[int]string
