package strategy

// Default is the name of the strategy of a campaign unless another is asked for: a portfolio.
const Default = "mix"

// Single is the name of the strategy of a run that belongs to no campaign, such as the one that fills a [Profile].
const Single = "random"

// registry holds the registered strategies, sorted by name. It is an array because the runtime must not allocate.
var (
	registry   [32]*Strategy
	registered int
)

// Register adds s to the registry and returns it. It must be called before main starts, in the declaration of a
// package-level variable. It panics if the name is empty or taken, or if the registry is full.
func Register(s *Strategy) *Strategy {
	if s.Name == "" || s.New == nil || Find(s.Name) != nil {
		panic("strategy: Register: the name is empty or taken, or New is nil")
	}
	if registered == len(registry) {
		panic("strategy: Register: too many strategies")
	}
	i := registered
	for ; i > 0 && registry[i-1].Name > s.Name; i-- {
		registry[i] = registry[i-1]
	}
	registry[i] = s
	registered++
	return s
}

// All returns the registered strategies, sorted by name.
func All() []*Strategy { return registry[:registered:registered] }

// Names returns the names of the registered strategies, the default first and the others sorted.
func Names() []string {
	names := []string{Default}
	for _, s := range All() {
		if s.Name != Default {
			names = append(names, s.Name)
		}
	}
	return names
}

// Find returns the strategy with a name, nil if there is none.
func Find(name string) *Strategy {
	for _, s := range All() {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// FindID returns the strategy with an [Strategy.ID], nil if there is none.
func FindID(id uint32) *Strategy {
	for _, s := range All() {
		if s.ID() == id {
			return s
		}
	}
	return nil
}
