package golden

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Scripts runs test scripts with the settings of this module: -update rewrites them, commands need "exec", and names of
// files are unique. p has the folder, the setup and the commands.
func Scripts(t *testing.T, p testscript.Params) {
	p.UpdateScripts, p.RequireExplicitExec, p.RequireUniqueNames = *Update, true, true
	testscript.Run(t, p)
}
