//go:build !linux

package gort

import "os"

// mapFile refuses: there is nothing to share the file with. Overlay has refused before.
func mapFile(*os.File, int) ([]byte, error) { return nil, ErrUnsupported }

func unmapFile([]byte) error { return nil }

func room(string) uint64 { return 0 }

func signalTo(int) func(os.Signal) error { return func(os.Signal) error { return ErrUnsupported } }

func exitStatus(uint32) int { return -1 }
