// Package delve starts the user's Delve with a program and moves the program to a place of its run, through the
// protocol of dlv's server (JSON-RPC). It must not know recordings, or how the program is built.
//
//  1. [Start] starts dlv as a server with the program, which is stopped before its first instruction.
//  2. A [Session] moves the program: [Session.ToDecision] and [Session.ToFailure].
//  3. A client of the user takes over: dlv's own terminal ([Server.Terminal]) or an editor.
package delve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/internal/procs"
)

// Config configures a server.
type Config struct {
	Path    string   // of dlv
	Args    []string // the command line of the program, from its path on
	Dir     string   // in which the program runs
	Env     []string // the environment of dlv and the program
	Listen  string   // HOST:PORT; "" for a socket that only this machine sees, in Scratch
	Scratch string   // folder for the files of the session

	Stdout, Stderr *os.File // those of the program; its standard input is empty
}

// Server is a running dlv.
type Server struct {
	Address string // where it listens, in the form of "dlv connect"

	cfg    Config
	cmd    *exec.Cmd
	ended  chan struct{}
	log    string
	client *rpc.Client
}

// patience is the real time that dlv gets to read the program and to listen.
const patience = time.Minute

// Start starts dlv. What the program prints is discarded until it is started again. The server must be closed. Only
// clients of the same user can connect. When this process ends, dlv does too.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, ended: make(chan struct{}), log: filepath.Join(cfg.Scratch, "dlv.log")}
	listen := cfg.Listen
	if listen == "" {
		listen = "unix:" + filepath.Join(cfg.Scratch, "dlv.sock")
	}
	args := []string{"exec", "--headless", "--accept-multiclient", "--listen=" + listen, "--log-dest=" + s.log,
		"--redirect=stdin:" + os.DevNull, "--redirect=stdout:" + os.DevNull, "--redirect=stderr:" + os.DevNull}
	s.cmd = exec.Command(cfg.Path, slices.Concat(args, []string{"--wd=" + cfg.Dir, cfg.Args[0], "--"}, cfg.Args[1:])...)
	s.cmd.Dir, s.cmd.Env = cfg.Dir, cfg.Env
	s.cmd.Stdout, s.cmd.Stderr = cfg.Stdout, cfg.Stderr
	procs.Group(s.cmd, syscall.SIGTERM)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("delve: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // its status does not matter
		close(s.ended)
	}()
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Pid returns the number of dlv's process, which is the parent of the program.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// connect waits until dlv listens, and connects to it.
func (s *Server) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for s.Address == "" {
		select {
		case <-s.ended:
			return errors.New("delve: dlv has ended before it listened; its message is above")
		case <-ctx.Done():
			return fmt.Errorf("delve: dlv does not listen: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
		text, err := os.ReadFile(s.log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("delve: %w", err)
		}
		s.Address = listening(text)
	}
	network, address := "tcp", s.Address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		return fmt.Errorf("delve: %w", err)
	}
	s.client = jsonrpc.NewClient(conn)
	return nil
}

// listening returns the address in dlv's log, "" if it does not listen yet.
func listening(log []byte) string {
	_, rest, found := bytes.Cut(log, []byte("API server listening at: "))
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !found || !whole {
		return ""
	}
	if bytes.HasPrefix(line, []byte("/")) {
		return "unix:" + string(line)
	}
	return string(line)
}

// Ended is closed when dlv has ended.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Leave closes the connection, so that another client can move the program.
func (s *Server) Leave() error {
	if s.client == nil {
		return nil
	}
	client := s.client
	s.client = nil
	return client.Close()
}

// Close ends dlv and the program.
func (s *Server) Close() error {
	err := s.Leave()
	procs.Signal(s.cmd.Process, syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(2 * time.Second):
		procs.Signal(s.cmd.Process, syscall.SIGKILL)
		<-s.ended
	}
	return err
}

// restart ends the program and starts it again.
func (s *Server) restart(quiet bool) error {
	to := [3]string{os.DevNull, "", ""}
	if quiet {
		to = [3]string{os.DevNull, os.DevNull, os.DevNull}
	}
	in := map[string]any{"ResetArgs": true, "NewArgs": s.cfg.Args[1:], "NewRedirects": to}
	if err := s.call("Restart", in, &struct{}{}); err != nil {
		return fmt.Errorf("delve: %w", err)
	}
	return nil
}

// call calls a method of the server.
func (s *Server) call(method string, in, out any) error {
	return s.client.Call("RPCServer."+method, in, out)
}

// Terminal runs dlv's terminal on the server until the user leaves it. commands are executed first.
func (s *Server) Terminal(stdin *os.File, interactive bool, commands []string) error {
	script := filepath.Join(s.cfg.Scratch, "init")
	text := strings.Join(commands, "\n") + "\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return fmt.Errorf("delve: %w", err)
	}
	args := []string{"connect", "--init=" + script, s.Address}
	env := slices.Clone(s.cfg.Env)
	if !interactive {
		args = append([]string{"--allow-non-terminal-interactive"}, args...)
		env = append(env, "TERM=dumb") // without colours
	}
	cmd := exec.Command(s.cfg.Path, args...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, s.cfg.Stdout, s.cfg.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("delve: %w", err)
	}
	return nil
}
