package analysis

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// clocks are the functions of package time that read or wait for the real clock, each with what to use instead.
var clocks = map[string]string{
	"Now": "Sim.Now", "Since": "Sim.Now", "Until": "Sim.Now", "Sleep": "Sim.Sleep", "After": "Sim.NewTimer",
	"AfterFunc": "Sim.AfterFunc", "Tick": "Sim.NewTicker", "NewTimer": "Sim.NewTimer", "NewTicker": "Sim.NewTicker",
}

// seeded are the functions of math/rand and math/rand/v2 that use no global state.
var seeded = []string{"New", "NewSource", "NewZipf", "NewPCG", "NewChaCha8"}

// locks are the types of package sync that block, each with what to use instead.
var locks = map[string]string{
	"Mutex": "Sim.NewMutex", "RWMutex": "Sim.NewRWMutex", "WaitGroup": "Sim.NewWaitGroup", "Cond": "Sim.NewCond",
}

// outside are the functions and methods of the standard library that leave a simulation, by package, each package with
// what it does and what to do instead.
var outside = map[string]struct {
	what, instead string
	names         []string
}{
	"net": {"uses the real network", "use Host.Dial and Host.Listen, or write an ordinary test", []string{
		"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "DialIP", "Listen", "ListenPacket", "ListenTCP", "ListenUDP",
		"ListenUnix", "ListenUnixgram", "ListenIP", "ListenMulticastUDP", "Dialer.Dial", "Dialer.DialContext",
		"ListenConfig.Listen", "ListenConfig.ListenPacket",
	}},
	"net/http": {"uses the real network", "call the handler, or write an ordinary test", []string{
		"Get", "Head", "Post", "PostForm", "ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS", "Client.Do",
		"Client.Get", "Client.Head", "Client.Post", "Client.PostForm", "Transport.RoundTrip", "Server.ListenAndServe",
		"Server.ListenAndServeTLS", "Server.Serve", "Server.ServeTLS",
	}},
	"net/http/httptest": {"uses the real network", "use httptest.NewRecorder, or write an ordinary test", []string{
		"NewServer", "NewTLSServer", "Server.Start", "Server.StartTLS",
	}},
	"database/sql": {"starts goroutines", "write an ordinary test", []string{"Open", "OpenDB"}},
	"os/exec": {"starts a process", "write an ordinary test", []string{
		"Cmd.Run", "Cmd.Start", "Cmd.Output", "Cmd.CombinedOutput",
	}},
}

// leaves returns the fault of a call of a function that leaves the simulation, "" if it does not.
func leaves(fn *types.Func) string {
	out, name := outside[fn.Pkg().Path()], fn.Name()
	if r := receiver(fn); r != "" {
		name = r + "." + name
	}
	if !slices.Contains(out.names, name) {
		return ""
	}
	return out.what + ", " + fn.Pkg().Name() + "." + name + "; " + out.instead
}

// faults returns what a body must not do, in the order of the source.
func (c *checker) faults(body *ast.BlockStmt) (list []fault) {
	add := func(n ast.Node, what string) { list = append(list, fault{node: n, what: what}) }
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil || c.accepted(n) {
			return n != nil && !isStatement(n)
		}
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n, "starts a goroutine; use Sim.Go")
		case *ast.SendStmt:
			add(n, "uses a real channel; use simsched.NewChan")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				add(n, "uses a real channel; use simsched.NewChan")
			}
		case *ast.SelectStmt:
			add(n, "uses select on real channels; use Sim.Select")
			return false
		case *ast.RangeStmt:
			list = append(list, c.ranges(n)...)
		case *ast.CallExpr:
			list = append(list, c.call(n)...)
		}
		return true
	})
	return list
}

// isStatement reports whether a comment that accepts n accepts all that is in n: a whole function is more than a line.
func isStatement(n ast.Node) bool {
	_, block := n.(*ast.BlockStmt)
	return !block
}

// ranges returns the faults of a loop.
func (c *checker) ranges(n *ast.RangeStmt) []fault {
	switch c.pass.TypesInfo.TypeOf(n.X).Underlying().(type) {
	case *types.Chan:
		return []fault{{node: n.X, what: "uses a real channel; use simsched.NewChan"}}
	case *types.Map:
		if c.ordered(n.Body) {
			return []fault{{node: n.X, what: "depends on the order of a map: go through its sorted keys"}}
		}
	}
	return nil
}

// ordered reports whether the order in which a body is run may matter: it calls a function, or leaves the loop.
func (c *checker) ordered(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK
		case *ast.CallExpr:
			id, ok := n.Fun.(*ast.Ident)
			_, builtin := c.pass.TypesInfo.Uses[id].(*types.Builtin)
			conversion := c.pass.TypesInfo.Types[n.Fun].IsType()
			found = found || !conversion && (!ok || !builtin)
		}
		return !found
	})
	return found
}

// call returns the faults of a call.
func (c *checker) call(n *ast.CallExpr) []fault {
	fn, ok := typeutil.Callee(c.pass.TypesInfo, n).(*types.Func)
	if !ok || fn.Pkg() == nil {
		return nil
	}
	switch path := fn.Pkg().Path(); {
	case path == "time" && fn.Signature().Recv() == nil && clocks[fn.Name()] != "":
		what := "uses the real clock, time." + fn.Name() + "; use " + clocks[fn.Name()]
		return []fault{{node: n, what: what, fix: c.clockFix(fn.Name(), n)}}
	case strings.HasPrefix(path, "math/rand") && fn.Signature().Recv() == nil && !slices.Contains(seeded, fn.Name()):
		return []fault{{node: n, what: "uses global random numbers, rand." + fn.Name() + "; use Sim.Rand"}}
	case path == "crypto/rand":
		return []fault{{node: n, what: "uses random numbers of the system, rand." + fn.Name() + "; use Sim.Rand"}}
	case path == "sync":
		if name := receiver(fn); locks[name] != "" {
			return []fault{{node: n, what: "uses a real lock, sync." + name + "." + fn.Name() + "; use " + locks[name]}}
		}
	case leaves(fn) != "":
		return []fault{{node: n, what: leaves(fn)}}
	case isSimulator(path):
	default:
		if d := c.judge(fn.Origin()); d != nil {
			return []fault{{node: n, what: d.What, by: " (by " + chain(fn, d.Chain) + ")"}}
		}
	}
	return nil
}

// chain returns the chain of calls that starts with a function: "a.F, b.G".
func chain(fn *types.Func, rest string) string {
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, " (by "), ")")
	name := fn.Pkg().Name() + "." + fn.Name()
	if r := receiver(fn); r != "" {
		name = fn.Pkg().Name() + "." + r + "." + fn.Name()
	}
	if rest == "" {
		return name
	}
	return name + ", " + rest
}

// receiver returns the name of the type of a method, "" for a function.
func receiver(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if named, ok := t.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}

// clockFix returns the replacement for a call of package time, nil if it is not certain.
func (c *checker) clockFix(name string, n *ast.CallExpr) func(sim string) string {
	switch name {
	case "Now":
		return func(sim string) string { return sim + ".Now()" }
	case "Sleep":
		return func(sim string) string { return sim + ".Sleep(" + c.source(n.Args[0]) + ")" }
	case "Since":
		return func(sim string) string { return sim + ".Now().Sub(" + c.source(n.Args[0]) + ")" }
	}
	return nil
}
