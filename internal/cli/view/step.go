package view

import (
	"errors"
	"io"
	"net"
	"os"

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

// model reads the model of a recording that is walked through. A damaged one is walked as far as it is whole.
func model(path string, turns int) (*traceview.Model, error) {
	if path == base.Stdio {
		return nil, base.Usage("the recording must be a file: standard input is for commands")
	}
	in, err := base.OpenInput(nil, path, source.Config{})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	m, err := traceview.Read(in.Stream, traceview.Options{Turns: turns, Focus: -1})
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
		Use:   "step FILE",
		Short: "Walk through a recorded run on the terminal, forwards and backwards",
		Long: "Show a recorded run on the whole terminal, one turn at a time: the tasks with what each does, what it waits for\n" +
			"and which task holds that, the source around the turn, and the turns around it. Nothing is run. The key ? lists\n" +
			"the keys; / goes to a line such as queue.go:25, an object such as mutex 1, a task or a text.\n\n" +
			"To run the program again step by step, and see its events: reprise replay FILE --step.",
		Example: verb.Examples("turn by turn, forwards and backwards", "reprise step failed.reprise"),
		Args:    verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f, ok := cmd.OutOrStdout().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
				return base.Usage("step needs a terminal; for a file or a pipe: reprise view --text %s",
					prose.ShellQuote(args[0]))
			}
			m, err := model(args[0], mostTurns)
			if err != nil {
				return err
			}
			p := tea.NewProgram(stepper.New(m, gofiles.New(root)), tea.WithInput(cmd.InOrStdin()),
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
		Use:   "dap FILE",
		Short: "Serve a recorded run to an editor through the Debug Adapter Protocol",
		Long: "Let an editor walk through a recorded run, forwards and backwards: goroutines are threads, the steps are turns,\n" +
			"continue goes to a breakpoint, a failure or a difference, and the variables are what a task does, what it waits for\n" +
			"and which task holds that. Nothing is run. The protocol is spoken on standard input and output, or with --listen on\n" +
			"a port, for one session. For Visual Studio Code, in launch.json:\n\n" +
			"  {\"name\": \"recorded run\", \"type\": \"go\", \"request\": \"attach\", \"mode\": \"remote\", \"debugServer\": 4711}",
		Example: verb.Examples(
			"for an editor that debugs Go", "reprise dap failed.reprise --listen 127.0.0.1:4711",
		),
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := model(args[0], mostTurns)
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
			if err := dap.Serve(in, out, m, gofiles.New(root)); err != nil {
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
