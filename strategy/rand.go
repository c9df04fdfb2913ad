package strategy

// Rand is a generator of random numbers: PCG-DXSM, as math/rand/v2.PCG, which cannot be imported here.
type Rand struct{ hi, lo uint64 }

// NewRand returns the generator with a label of a seed. Generators with different labels are independent, so that one
// more draw from one of them changes no draw from another.
func NewRand(seed, label uint64) Rand {
	x := seed ^ label
	hi := splitMix(&x)
	return Rand{hi, splitMix(&x)}
}

// Uint64 returns the next number.
func (r *Rand) Uint64() uint64 {
	const (
		mulHi, mulLo = 2549297995355413924, 4865540595714422341
		incHi, incLo = 6364136223846793005, 1442695040888963407
		cheap        = 0xda942042e4dd58b5
	)
	hi, lo := mul64(r.lo, mulLo)
	hi += r.hi*mulLo + r.lo*mulHi
	r.lo = lo + incLo
	if hi += incHi; r.lo < lo {
		hi++
	}
	r.hi = hi
	hi ^= hi >> 32
	hi *= cheap
	hi ^= hi >> 48
	return hi * (r.lo | 1)
}

// Below returns the next number, mapped to 0..n-1.
func (r *Rand) Below(n uint64) uint64 { return Below(r.Uint64(), n) }

// Below maps a random number to 0..n-1.
func Below(x, n uint64) uint64 {
	hi, _ := mul64(x, n)
	return hi
}

// splitMix is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func splitMix(x *uint64) uint64 {
	*x += 0x9e3779b97f4a7c15
	z := *x
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Label returns a number for a text: FNV-1a, 64 bits.
func Label(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

// The generators of a strategy. Gaps and picks have one each, so that the picks do not depend on how often Gap is
// called.
func newPicks(seed uint64) Rand { return NewRand(seed, Label("point task")) }
func newGaps(seed uint64) Rand  { return NewRand(seed, Label("point gap")) }
