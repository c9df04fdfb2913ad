//go:build !linux

package gort

import "os"

// mapFile returns an error. No binary gets here, because Overlay returns an error on such systems.
func mapFile(*os.File, int) ([]byte, error) { return nil, ErrUnsupported }

func unmapFile([]byte) error { return nil }

func room(string) uint64 { return 0 }

func signalTo(int) func(os.Signal) error { return func(os.Signal) error { return ErrUnsupported } }

func exitStatus(uint32) int { return -1 }
