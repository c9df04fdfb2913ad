package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/internal/base"
	cli "github.com/reprise-go/reprise/internal/cli/gotest"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/wire"
)

const help = `reprise-fleet runs the tests that "reprise test" runs, on many cores or machines, which share the work
through NATS JetStream. A worker runs the code of the tests: see docs/fleet.md before you start one.

  reprise-fleet run PACKAGES (--seeds N | --budget D) [flags of reprise test]
                           build, search and report; D is for all tests together
  reprise-fleet resume ID  go on with a campaign, or report again on one that has finished
  reprise-fleet work --nats URL --trust KEY[,KEY]
                           run items of the campaigns that these keys have signed, until it is interrupted
  reprise-fleet status     list the campaigns
  reprise-fleet cancel ID  end a campaign without a report
  reprise-fleet gc         remove the campaigns that do not run, and the objects that no other needs
  reprise-fleet key        print the public key that signs campaigns, for --trust

Flags:
  --store FOLDER   where the embedded nats-server keeps everything; it listens on the loopback interface only
  --nats URL       use this nats-server, which needs JetStream, and embed none
  --creds FILE     credentials for it; --ca FILE, --cert FILE and --cert-key FILE: certificates
  --workers N      items that this process runs at a time: the number of processors otherwise, and none with --nats
  --trust KEY      public keys whose campaigns a worker runs
  --max-memory N   MiB of memory that each process of a test may have: 4096 otherwise, 0 for no limit
  --max-file N     MiB that each file of a test may have: 1024 otherwise, 0 for no limit
  --share-network  of work: tests may use the network of the machine; otherwise they have only a loopback interface
  --files PATH     of run: files or folders that tests read besides those in and below the folder of their package,
                   relative to the root of the module; may be repeated
  --metrics ADDR   of run and resume: serve metrics in the format of Prometheus, such as on 127.0.0.1:9123

The exit code is 1 if a test fails, 2 for wrong use.
`

// flags are the flags that are not those of `reprise test`.
type flags struct {
	store, nats, creds, ca, cert, certKey string
	metrics                               string
	workers                               int // -1 if it was not given
	limits                                limits
	trust, files                          []string
}

// Main runs the command and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := command(args, stdin, stdout, stderr)
	var coded *base.ExitError
	switch {
	case err == nil:
		return base.ExitOK
	case !errors.As(err, &coded):
		coded = &base.ExitError{Code: base.ExitFound, Err: err}
	}
	if coded.Err != nil {
		_, _ = fmt.Fprintf(stderr, "reprise-fleet: %v\n", coded.Err) // there is no other place to report it
	}
	return coded.Code
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	verb := "help"
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case execVerb:
		if gotest.Main(args, wire.Strip(os.Environ()), stdout) != 0 {
			return base.Found()
		}
		return nil
	case limitVerb:
		return limitMain(args)
	case scanVerb:
		return scanMain(context.Background(), stdin, stdout)
	case "help", "-h", "-help", "--help":
		_, err := io.WriteString(stdout, help)
		return err
	}
	f, rest, err := parseFlags(args)
	if err != nil {
		return err
	}
	verbs := map[string]func(context.Context, *flags, []string, io.Writer, io.Writer) error{
		"run": runVerb, "resume": resumeVerb, "work": workVerb, "status": statusVerb, "cancel": cancelVerb, "gc": gcVerb,
		"key": keyVerb,
	}
	do := verbs[verb]
	if do == nil {
		return base.Usage("there is no command %q; reprise-fleet help lists them", verb)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return do(ctx, f, rest, stdout, stderr)
}

// parseFlags takes the flags of this command out of the arguments, up to -args.
func parseFlags(args []string) (f *flags, rest []string, err error) {
	f = &flags{workers: -1, limits: limits{memory: defaultMemory, file: defaultFile, apart: true}}
	own := gotest.BeforeArgs(args)
	number := func(name string, to *int, most int) func(string) {
		return func(v string) {
			if *to, err = strconv.Atoi(v); err != nil || *to < 0 || *to > most {
				err = base.Usage("--%s %q: it must be a number from 0 to %d", name, v, most)
			}
		}
	}
	texts := map[string]func(string){
		"store": func(v string) { f.store = v }, "nats": func(v string) { f.nats = v },
		"creds": func(v string) { f.creds = v }, "ca": func(v string) { f.ca = v },
		"cert": func(v string) { f.cert = v }, "cert-key": func(v string) { f.certKey = v },
		"metrics":    func(v string) { f.metrics = v },
		"trust":      func(v string) { f.trust = append(f.trust, strings.Split(v, ",")...) },
		"files":      func(v string) { f.files = append(f.files, v) },
		"workers":    number("workers", &f.workers, 1<<10),
		"max-memory": number("max-memory", &f.limits.memory, maxLimit),
		"max-file":   number("max-file", &f.limits.file, maxLimit),
	}
	for i := 0; i < len(own) && err == nil; i++ {
		name, value, given := strings.Cut(strings.TrimLeft(own[i], "-"), "=")
		set := texts[name]
		switch {
		case own[i] == "--share-network":
			f.limits.apart = false
			continue
		case set == nil || !strings.HasPrefix(own[i], "-"):
			rest = append(rest, own[i])
			continue
		case !given && i+1 == len(own):
			return nil, nil, base.Usage("--%s needs a value", name)
		case !given:
			i++
			value = own[i]
		}
		set(value)
	}
	for _, path := range f.files {
		if !filepath.IsLocal(path) {
			return nil, nil, base.Usage("--files %q: it must be a path in the module", path)
		}
	}
	return f, append(rest, args[len(own):]...), err
}

// folder returns the folder of the store.
func (f *flags) folder() (string, error) {
	if f.store != "" {
		return filepath.Abs(f.store)
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "reprise-fleet"), err
}

// key returns the key that signs campaigns, and its public form.
func (f *flags) key() (key nkeys.KeyPair, public string, err error) {
	folder, err := f.folder()
	if err != nil {
		return nil, "", err
	}
	if key, err = loadKey(filepath.Join(folder, keyFile)); err != nil {
		return nil, "", err
	}
	public, err = key.PublicKey()
	return key, public, err
}

// dial connects to the server that the flags name.
func (f *flags) dial() (*nats.Conn, error) {
	var options []nats.Option
	if f.creds != "" {
		options = append(options, nats.UserCredentials(f.creds))
	}
	if f.ca != "" {
		options = append(options, nats.RootCAs(f.ca))
	}
	if f.cert != "" {
		options = append(options, nats.ClientCert(f.cert, f.certKey))
	}
	return connect(f.nats, options...)
}

// connect connects to the server that the flags name, or to that of the store.
func (f *flags) connect(ctx context.Context) (s *store, release func() error, err error) {
	var l *local
	if f.nats != "" {
		l = &local{}
		l.conn, err = f.dial()
	} else {
		var folder string
		if folder, err = f.folder(); err == nil {
			l, err = openLocal(folder)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if s, err = openStore(ctx, l.conn); err != nil {
		return nil, nil, errors.Join(err, l.close())
	}
	return s, l.close, nil
}

// parseCampaign returns the settings of a campaign.
func parseCampaign(args, files []string) (*settings, error) {
	o, err := cli.ParseArgs(args)
	if err != nil {
		return nil, err
	}
	s := &settings{files: files}
	get := func(name string) string { return (&wire.Setting{Env: name}).In(o.Env) }
	if err := errors.Join(wire.Seeds.Read(get, &s.seeds), wire.Budget.Read(get, &s.budget),
		wire.UntilCovered.Read(get, &s.unseen)); err != nil {
		return nil, base.Usage("%v", err)
	}
	for _, v := range []*wire.Setting{
		wire.Shard.Setting, wire.Seed.Setting, wire.Exhaustive.Setting, wire.Resume.Setting,
	} {
		if v.In(o.Env) != "" {
			return nil, base.Usage("--%s: it is for reprise test; a campaign runs all seeds", v.Flag)
		}
	}
	if s.seeds == 0 && s.budget == 0 && s.unseen == 0 {
		return nil, base.Usage("say how long to search, by --seeds N, --budget D or --until-covered P")
	}
	// The budget is for all tests together, and is kept by the coordinator.
	o.Env = slices.DeleteFunc(o.Env, func(line string) bool { return strings.HasPrefix(line, wire.Budget.Assign("")) })
	if s.seeds == 0 { // otherwise tests would have the default number of seeds
		o.Env = append(o.Env, wire.Seeds.Assign(strconv.Itoa(wire.MaxSeeds)))
	}
	s.Options = o
	return s, nil
}

func runVerb(ctx context.Context, f *flags, args []string, stdout, stderr io.Writer) error {
	campaign, err := parseCampaign(args, f.files)
	if err != nil {
		return err
	}
	return leadSpec(ctx, f, stdout, stderr, func(s *store, key nkeys.KeyPair, public string) (*campaignSpec, error) {
		spec, err := campaign.build(ctx, s, stderr)
		if err != nil {
			return nil, err
		}
		if err := s.create(ctx, spec, key); err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(stderr, "campaign %s: %d tests of %d packages; workers elsewhere need --trust %s\n", spec.ID,
			len(spec.Tests), len(spec.Binaries), public) // a line less is no failure
		return spec, nil
	})
}

func resumeVerb(ctx context.Context, f *flags, args []string, stdout, stderr io.Writer) error {
	id, err := one(args)
	if err != nil {
		return err
	}
	return leadSpec(ctx, f, stdout, stderr, func(s *store, _ nkeys.KeyPair, public string) (*campaignSpec, error) {
		st, err := s.state(ctx, id)
		if err != nil {
			return nil, err
		}
		if st.State == cancelled {
			return nil, base.Usage("campaign %s was cancelled", id)
		}
		spec, err := s.spec(ctx, st, id, []string{public})
		if err != nil {
			return nil, err
		}
		machine, err := thisMachine()
		if err != nil {
			return nil, err
		}
		if why := machine.refuse(spec.Machine); why != "" {
			return nil, fmt.Errorf("campaign %s cannot be resumed here: %s", id, why)
		}
		return spec, nil
	})
}

// leadSpec leads the campaign whose specification get returns, given the store and the key that signs.
func leadSpec(ctx context.Context, f *flags, stdout, stderr io.Writer,
	get func(s *store, key nkeys.KeyPair, public string) (*campaignSpec, error)) error {
	key, public, err := f.key()
	if err != nil {
		return err
	}
	s, release, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = release() }() // all is stored
	spec, err := get(s, key, public)
	if err != nil {
		return err
	}
	return lead(ctx, f, newCoordinator(s, spec, key, stderr), public, stdout, stderr)
}

// lead leads a campaign to its report, with workers in this process if the flags say so.
func lead(ctx context.Context, f *flags, c *coordinator, public string, stdout, stderr io.Writer) error {
	if f.metrics != "" {
		stop, err := c.serve(f.metrics)
		if err != nil {
			return err
		}
		defer func() { _ = stop() }() // the campaign is over
	}
	err := withWorkers(ctx, f, c.store, public, stderr, func(ctx context.Context) error {
		progress := base.NewProgress(stderr, "run")
		defer progress.Done()
		shown, hide := context.WithCancel(ctx)
		defer hide()
		go func() {
			for shown.Err() == nil {
				pause(shown, time.Second)
				progress.Say("%s", c.numbers())
			}
		}()
		return c.search(ctx)
	})
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; reprise-fleet resume %s goes on", c.spec.ID)
	}
	if err != nil {
		return err
	}
	err = c.tell(ctx, stdout, stderr)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; reprise-fleet resume %s reports", c.spec.ID)
	}
	st, stateErr := c.state(ctx, c.spec.ID)
	if stateErr == nil {
		st.State = finished
		stateErr = c.set(ctx, c.spec.ID, st)
	}
	return errors.Join(err, stateErr)
}

// withWorkers calls do while workers of this process run, which end before it returns.
func withWorkers(ctx context.Context, f *flags, s *store, public string, log io.Writer,
	do func(context.Context) error) (err error) {
	slots := f.workers
	if slots < 0 && f.nats == "" {
		slots = runtime.GOMAXPROCS(0)
	}
	if slots <= 0 {
		return do(ctx)
	}
	own := f.limits
	own.apart = false // the tests are those of the user who started this, and may need what the machine has
	w, release, err := newWorker(s, slots, []string{public}, log, own)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { w.run(working); close(ended) }()
	err = do(ctx)
	stop()
	<-ended
	return errors.Join(err, release())
}

func workVerb(ctx context.Context, f *flags, args []string, _, stderr io.Writer) error {
	if len(args) > 0 || f.nats == "" && f.store == "" || len(f.trust) == 0 {
		return base.Usage("work needs --nats URL (or --store FOLDER) and --trust KEY, and nothing else; " +
			"reprise-fleet key prints the key on the machine that runs campaigns")
	}
	for _, k := range f.trust {
		if !nkeys.IsValidPublicUserKey(k) {
			return base.Usage("--trust %q: it must be a public key that reprise-fleet key prints", k)
		}
	}
	s, release, err := f.connect(ctx)
	if err != nil {
		return err
	}
	slots := f.workers
	if slots <= 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	w, free, err := newWorker(s, slots, f.trust, stderr, f.limits)
	if err != nil {
		return errors.Join(err, release())
	}
	_, _ = fmt.Fprintf(stderr, "worker %s: %d items at a time\n", w.name, slots) // a line less is no failure
	w.run(ctx)
	return errors.Join(free(), release())
}

func statusVerb(ctx context.Context, f *flags, args []string, stdout, _ io.Writer) error {
	if len(args) > 0 {
		return base.Usage("status takes no arguments")
	}
	s, release, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = release() }() // nothing was changed
	names, err := s.campaigns(ctx)
	if err != nil {
		return err
	}
	for _, id := range names {
		line, err := s.describe(ctx, id)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// describe describes a campaign in a line.
func (s *store) describe(ctx context.Context, id string) (string, error) {
	st, err := s.state(ctx, id)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s  %s  since %s", id, st.State, st.Created.Format(time.RFC3339))
	if results, err := s.js.Stream(ctx, resultsStream+id); err == nil {
		line += fmt.Sprintf("  %d results", results.CachedInfo().State.Msgs)
	}
	items, err := s.js.Consumer(ctx, workStream+id, workersDurable)
	if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) {
		return line, nil
	}
	if err != nil {
		return "", err
	}
	info := items.CachedInfo()
	return line + fmt.Sprintf("  %d items waiting, %d with workers", info.NumPending, info.NumAckPending), nil
}

// one returns the only argument, the name of a campaign.
func one(args []string) (string, error) {
	if len(args) != 1 {
		return "", base.Usage("give the name of one campaign; reprise-fleet status lists them")
	}
	return args[0], nil
}

func cancelVerb(ctx context.Context, f *flags, args []string, _, _ io.Writer) error {
	id, err := one(args)
	if err != nil {
		return err
	}
	s, release, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = release() }() // all is stored
	st, err := s.state(ctx, id)
	if err != nil {
		return err
	}
	st.State = cancelled
	return s.set(ctx, id, st)
}

func gcVerb(ctx context.Context, f *flags, args []string, stdout, _ io.Writer) error {
	if len(args) > 0 {
		return base.Usage("gc takes no arguments")
	}
	_, public, err := f.key()
	if err != nil {
		return err
	}
	s, release, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = release() }() // all is stored
	campaigns, objects, err := s.collect(ctx, append(f.trust, public))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "removed %d campaigns and %d objects\n", campaigns, objects)
	return err
}

func keyVerb(_ context.Context, f *flags, _ []string, stdout, _ io.Writer) error {
	_, public, err := f.key()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, public)
	return err
}
