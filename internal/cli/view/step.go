package view

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/dap"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/stepper"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

// walked reads the models of a recording that is walked through, or of two, in which their first difference is marked.
// A damaged recording is walked as far as it is whole.
func walked(cmd *cobra.Command, paths []string) (list []*traceview.Model, err error) {
	if len(paths) != 1 && len(paths) != 2 {
		return nil, base.Usage("%d arguments instead of 1 or 2: %s", len(paths), cmd.UseLine())
	}
	if slices.Contains(paths, base.Stdio) {
		return nil, base.Usage("the recording must be a file: standard input is for commands")
	}
	opt := []traceview.Options{{Turns: mostTurns, Focus: -1}}
	if len(paths) == 2 {
		if opt, err = difference(nil, paths, mostTurns); err != nil {
			return nil, err
		}
	}
	for i, path := range paths {
		m, err := model(path, opt[i])
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// model reads the model of a recording, which must have a turn.
func model(path string, opt traceview.Options) (*traceview.Model, error) {
	in, err := base.OpenInput(nil, path, source.Config{})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	m, err := traceview.Read(in.Stream, opt)
	if len(m.Turns) == 0 {
		if err == nil {
			err = errors.New("the recording has no turn to stop at")
		}
		return nil, in.Bad(err)
	}
	return m, nil
}

// NewStep returns the command step.
func NewStep() *cobra.Command {
	var root string
	cmd := &cobra.Command{
		Use:   "step FILE [FILE2]",
		Short: "Walk through a recorded run on the terminal, forwards and backwards",
		Long: "Show a recorded run on the whole terminal, one turn at a time: the tasks with what each does, what it waits for\n" +
			"and which task holds that, the source around the turn, and the turns or events around it. Nothing is run. The key ? lists\n" +
			"the keys; / goes to a line such as queue.go:25, an object such as mutex 1, a task or a text. With a second recording\n" +
			"the turns of both stand beside each other, c goes to their first difference, and tab shows the other run.\n\n" +
			"To run the program again step by step, and see its events: reprise replay FILE --step.",
		Example: verb.Examples(
			"turn by turn, forwards and backwards", "reprise step failed.reprise",
			"two runs, beside each other", "reprise step failed.reprise passed.reprise",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := walked(cmd, args)
			if err != nil {
				return err
			}
			if f, ok := cmd.OutOrStdout().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
				return base.Usage("step needs a terminal; for a file or a pipe: reprise view --text %s",
					prose.ShellQuote(args[0]))
			}
			var runs []stepper.Run
			for i, m := range list {
				in, err := base.OpenInput(nil, args[i], source.Config{})
				if err != nil {
					return err
				}
				defer in.Close()
				runs = append(runs, stepper.Run{Model: m, Events: rowsOf(in)})
			}
			p := tea.NewProgram(stepper.New(gofiles.New(root), runs[0], runs[1:]...), tea.WithInput(cmd.InOrStdin()),
				tea.WithOutput(cmd.OutOrStdout()))
			if _, err := p.Run(); err != nil {
				return base.Failed(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&root, "source", ".", "show lines of the Go files in this folder and below; \"\" for none")
	return cmd
}

// NewDAP returns the command dap.
func NewDAP() *cobra.Command {
	var root, listen string
	cmd := &cobra.Command{
		Use:   "dap FILE [FILE2]",
		Short: "Serve a recorded run to an editor through the Debug Adapter Protocol",
		Long: "Let an editor walk through a recorded run, forwards and backwards: goroutines are threads, the steps are turns,\n" +
			"continue goes to a breakpoint, a failure, a difference or a turn of the critical pair, and the variables are what a task\n" +
			"does, what it waits for and which task holds that. Nothing is run. With a second recording the first difference of the two is marked in the\n" +
			"first, continue stops there, and a scope of the variables tells what the other run does. The protocol is spoken on standard input and output, or with --listen on\n" +
			"a port, for one session. For Visual Studio Code, in launch.json:\n\n" +
			"  {\"name\": \"recorded run\", \"type\": \"go\", \"request\": \"attach\", \"mode\": \"remote\", \"debugServer\": 4711}",
		Example: verb.Examples(
			"for an editor that debugs Go", "reprise dap failed.reprise --listen 127.0.0.1:4711",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := walked(cmd, args)
			if err != nil {
				return err
			}
			in, out := cmd.InOrStdin(), cmd.OutOrStdout()
			if listen != "" {
				conn, err := accept(listen, cmd.ErrOrStderr())
				if err != nil {
					return base.Failed(err)
				}
				defer conn.Close()
				in, out = conn, conn
			}
			if err := dap.Serve(in, out, gofiles.New(root), list[0], list[1:]...); err != nil {
				return base.Failed(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&root, "source", ".", "find Go files in this folder and below; \"\" for none")
	cmd.Flags().StringVar(&listen, "listen", "", "serve one session at this address, such as 127.0.0.1:4711")
	return cmd
}

// accept waits for one connection to an address of this machine.
func accept(address string, stderr io.Writer) (net.Conn, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if _, err := io.WriteString(stderr, "listening on "+l.Addr().String()+"\n"); err != nil {
		return nil, err
	}
	return l.Accept()
}
