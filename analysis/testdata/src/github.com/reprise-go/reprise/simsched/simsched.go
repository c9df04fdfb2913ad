// Package simsched stands in for the real one.
package simsched

import "time"

type Sim struct{}

func (s *Sim) Now() time.Time           { return time.Time{} }
func (s *Sim) Sleep(d time.Duration)    {}
func (s *Sim) Go(name string, f func()) {}
