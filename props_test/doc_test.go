// Package props_test states what the whole must do, as properties over programs that rapid draws: a replay equals its
// recording, a seed fixes the bytes, a changed recording is caught at the changed event, and every recorded trace keeps
// the laws of the schema.
package props_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
