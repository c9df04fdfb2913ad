package fleet

import (
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestCompose checks the compose file against the schema of compose files, and what its workers are told.
func TestCompose(t *testing.T) {
	b, err := os.ReadFile("deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	details := types.ConfigDetails{
		WorkingDir: t.TempDir(), ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: b}},
		Environment: types.Mapping{"TRUST": "UKEY"},
	}
	p, err := loader.LoadWithContext(t.Context(), details, func(o *loader.Options) { o.SetProjectName("reprise", true) })
	if err != nil {
		t.Fatal(err)
	}
	command := strings.Join(p.Services["worker"].Command, " ")
	if !strings.Contains(command, "reprise-fleet work --nats nats://nats:4222 --trust") ||
		*p.Services["worker"].Environment["TRUST"] != "UKEY" || p.Services["nats"].Ports[0].HostIP != "127.0.0.1" {
		t.Errorf("worker %q, server %+v", command, p.Services["nats"].Ports)
	}
}

// TestKubernetes checks the manifests against the types of Kubernetes, and the arguments of the worker against the
// command.
func TestKubernetes(t *testing.T) {
	b, err := os.ReadFile("deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var worker apps.Deployment
	objects := map[string]any{"Service": &core.Service{}, "StatefulSet": &apps.StatefulSet{}, "Deployment": &worker}
	for _, document := range strings.Split(string(b), "\n---\n") {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict([]byte(document), objects[kind.Kind]); err != nil {
			t.Errorf("%s: %v", kind.Kind, err)
		}
		delete(objects, kind.Kind)
	}
	if len(objects) > 0 {
		t.Errorf("not in the file: %v", objects)
	}
	container := worker.Spec.Template.Spec.Containers[0]
	f, rest, err := parseFlags(container.Args[1:])
	if err != nil || len(rest) > 0 || container.Args[0] != "work" || f.nats != "nats://reprise-nats:4222" ||
		len(f.trust) != 1 {
		t.Errorf("%q: %+v, %v", container.Args, f, err)
	}
}
