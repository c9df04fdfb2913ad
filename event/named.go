package event

// namedFields collects an event whose fields arrive by name, in any order.
type namedFields struct {
	kind      Kind
	values    [maxFieldNames]raw
	duplicate [maxFieldNames]bool
}

const maxFieldNames = 32

// fieldIndex numbers the field names of all kinds.
var fieldIndex = buildFieldIndex()

func buildFieldIndex() map[string]int {
	m := map[string]int{}
	for k := range Kinds() {
		for _, f := range table[k].fields {
			if _, ok := m[f.Name]; !ok {
				m[f.Name] = len(m)
			}
		}
	}
	return m
}

func (n *namedFields) setKind(k Kind) error {
	if n.kind != 0 {
		return malformed("duplicate field type")
	}
	n.kind = k
	return nil
}

func (n *namedFields) setField(index int, v raw) {
	n.duplicate[index] = n.values[index].state != rawAbsent
	n.values[index] = v
}

// event builds the event. Fields that its kind does not have are ignored.
func (n *namedFields) event() (Event, error) {
	if n.kind == 0 {
		return Event{}, malformed("an event without a field type")
	}
	fields := table[n.kind].fields
	for _, f := range fields {
		if n.duplicate[fieldIndex[f.Name]] {
			return Event{}, &fieldError{n.kind.String() + "." + f.Name, malformed("duplicate field")}
		}
	}
	return assemble(n.kind, func(i int) raw { return n.values[fieldIndex[fields[i].Name]] })
}

// metadataKeys are the fields of metadata in wire order.
var metadataKeys = [...]string{"version", "seed", "recorded_at", "config_hash", "description"}

func metadataIndex(key string) int {
	for i, k := range metadataKeys {
		if k == key {
			return i
		}
	}
	return -1
}

// metadataBuilder collects metadata whose fields arrive in any order.
type metadataBuilder struct {
	numbers     [4]raw
	description string
	described   bool
}

func (b *metadataBuilder) setNumber(i int, v raw) error {
	if b.numbers[i].state != rawAbsent {
		return &fieldError{"metadata." + metadataKeys[i], malformed("duplicate field")}
	}
	b.numbers[i] = v
	return nil
}

func (b *metadataBuilder) setDescription(s string) error {
	if b.described {
		return &fieldError{"metadata.description", malformed("duplicate field")}
	}
	b.described = true
	b.description = s
	if err := checkDescription(s); err != nil {
		return &fieldError{"metadata.description", err}
	}
	return nil
}

// metadata builds the metadata. It checks the version first.
func (b *metadataBuilder) metadata() (Metadata, error) {
	m := Metadata{Description: b.description}
	for i, dst := range []any{&m.Version, &m.Seed, &m.RecordedAt, &m.ConfigHash} {
		typ := TypeValue
		if i == 0 {
			typ = TypeCount
		}
		bits, _, err := typ.check(b.numbers[i])
		if err != nil {
			return Metadata{}, &fieldError{"metadata." + metadataKeys[i], err}
		}
		switch p := dst.(type) {
		case *uint32:
			*p = uint32(bits)
			if err := checkVersion(*p); err != nil {
				return Metadata{}, err
			}
		case *uint64:
			*p = bits
		}
	}
	return m, nil
}
