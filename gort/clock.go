package gort

import "time"

// defaultClock is where the clock starts unless Control.Clock says otherwise: a working day of the current year, away
// from every boundary of a calendar at which programs do something special.
var defaultClock = time.Date(2026, time.November, 17, 10, 24, 51, 340_618_207, time.UTC)
