package simsched

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// queueMachine drives a queue beside a slice that keeps the same waiters in order.
type queueMachine struct {
	queue queue
	other queue // the tasks' own waiters may be here while their cases are in queue
	rival []*waiter
	tasks []*Task // of which each has at most one waiter in queue
}

// fresh makes a waiter of a new task: its own, or one of the cases of a Select while its own is elsewhere or nowhere.
func (m *queueMachine) fresh(t *rapid.T) *waiter {
	task := &Task{sel: &selection{waiters: make([]waiter, rapid.IntRange(0, 3).Draw(t, "cases"))}}
	task.self.task = task
	m.tasks = append(m.tasks, task)
	i := rapid.IntRange(-1, len(task.sel.waiters)-1).Draw(t, "case")
	if i < 0 {
		return &task.self
	}
	if rapid.Bool().Draw(t, "waits elsewhere too") {
		m.other.push(&task.self)
	}
	task.sel.waiters[i].task = task
	return &task.sel.waiters[i]
}

func (m *queueMachine) push(t *rapid.T) {
	w := m.fresh(t)
	m.queue.push(w)
	m.rival = append(m.rival, w)
}

func (m *queueMachine) takeFront(t *rapid.T) {
	if len(m.rival) == 0 {
		return // nothing to do
	}
	m.take(0)
}

func (m *queueMachine) takeAny(t *rapid.T) {
	if len(m.rival) == 0 {
		return // nothing to do
	}
	m.take(rapid.IntRange(0, len(m.rival)-1).Draw(t, "which"))
}

// take removes the waiter that has the i-th age.
func (m *queueMachine) take(i int) {
	m.queue.remove(m.rival[i])
	m.rival = slices.Delete(m.rival, i, i+1)
}

func (m *queueMachine) check(t *rapid.T) {
	if m.queue.n != len(m.rival) || len(m.queue.all) != len(m.rival) {
		t.Fatalf("the queue has %d waiters and keeps %d, want %d", m.queue.n, len(m.queue.all), len(m.rival))
	}
	if len(m.rival) > 0 && m.queue.at(0) != m.rival[0] {
		t.Fatal("alternative 0 is not the waiter that has waited longest")
	}
	if !slices.Equal(slices.Collect(m.queue.byAge), m.rival) {
		t.Fatal("the waiters are not in the order in which they came")
	}
	seen := map[*waiter]bool{}
	for i := range m.rival {
		w := m.queue.at(i)
		if seen[w] || !slices.Contains(m.rival, w) || w.queue != &m.queue {
			t.Fatalf("alternative %d is there twice, or should not be there, or thinks it is elsewhere", i)
		}
		seen[w] = true
		if at, ok := m.queue.indexOf(w.task); !ok || at != i {
			t.Fatalf("indexOf = %d, %v; want %d", at, ok, i)
		}
	}
	for _, task := range m.tasks {
		want := slices.ContainsFunc(m.rival, func(w *waiter) bool { return w.task == task })
		if _, ok := m.queue.indexOf(task); ok != want {
			t.Fatalf("indexOf says %v, want %v", ok, want)
		}
	}
}

func TestQueueAgainstSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &queueMachine{}
		t.Repeat(map[string]func(*rapid.T){
			"push": m.push, "push again": m.push, "take front": m.takeFront, "take any": m.takeAny, "": m.check,
		})
	})
}

func TestQueueIsFIFOFromTheFront(t *testing.T) {
	var q queue
	waiters := make([]waiter, 100)
	next := 0
	for i := range waiters {
		waiters[i].task = &Task{}
		q.push(&waiters[i])
		if i%3 == 2 {
			if q.at(0) != &waiters[next] {
				t.Fatalf("the front is not waiter %d", next)
			}
			q.remove(q.at(0))
			next++
		}
	}
}
