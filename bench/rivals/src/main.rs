//! The rivals of reprise, one measurement a line: a name, a tab, nanoseconds. `ours.go` measures the same work, under
//! the same names, with reprise. Each measurement is the least of several, so that a busy machine disturbs it less.

use std::hint::black_box;
use std::time::Instant;

use asupersync::TaskId;
use asupersync::trace::{CompactTaskId, ReplayEvent, ReplayTrace, TraceMetadata, TraceRecorder};

const ROUNDS: usize = 7;

/// Prints the least time of a call of `work`, divided by `items`.
fn measure(name: &str, items: usize, mut work: impl FnMut()) {
    work();
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_nanos()
        })
        .min()
        .unwrap_or(0);
    println!("{name}\t{:.1}", best as f64 / items as f64);
}

/// Returns event i of a run in which tasks take turns.
fn nth(i: u64) -> ReplayEvent {
    let task = CompactTaskId((i / 2 % 8) << 32);
    if i % 2 == 0 {
        ReplayEvent::TaskScheduled { task, at_tick: i / 2 }
    } else {
        ReplayEvent::TaskYielded { task }
    }
}

fn trace(events: u64) -> ReplayTrace {
    let mut t = ReplayTrace::new(TraceMetadata::new(1));
    (0..events).for_each(|i| t.push(nth(i)));
    t
}

fn encoding() {
    const EVENTS: usize = 200_000;
    let events: Vec<ReplayEvent> = (0..EVENTS as u64).map(nth).collect();
    let mut buffer = Vec::with_capacity(64);
    measure("encode an event, reused buffer", EVENTS, || {
        for e in &events {
            buffer.clear();
            rmp_serde::encode::write(&mut buffer, e).expect("the event can be encoded");
            black_box(&buffer);
        }
    });
    let packed: Vec<Vec<u8>> = events
        .iter()
        .map(|e| rmp_serde::to_vec(e).expect("the event can be encoded"))
        .collect();
    measure("decode an event", EVENTS, || {
        for bytes in &packed {
            black_box(rmp_serde::from_slice::<ReplayEvent>(bytes).expect("the event can be decoded"));
        }
    });
    for size in [200, 5_000, 1_000_000] {
        let t = trace(size);
        let repeat = (200_000 / size).max(1) as usize;
        measure(&format!("encode a trace of {size} events, an event"), size as usize * repeat, || {
            for _ in 0..repeat {
                black_box(t.to_bytes().expect("the trace can be encoded"));
            }
        });
    }
    let task = TaskId::testing_default(); // the only one that a program outside of its runtime can make
    measure("record an event in new memory", 16_384, || {
        let mut recorder = TraceRecorder::new(TraceMetadata::new(1));
        for i in 0..16_384_u64 {
            if i % 2 == 0 {
                recorder.record_task_scheduled(task, i / 2);
            } else {
                recorder.record_task_yielded(task);
            }
        }
        black_box(recorder.finish());
    });
}

/// Two tasks increment a counter ten times each, under a lock.
fn counter() {
    let n = shuttle::sync::Arc::new(shuttle::sync::Mutex::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let n = n.clone();
            shuttle::thread::spawn(move || {
                for _ in 0..10 {
                    *n.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for t in tasks {
        t.join().unwrap();
    }
    assert_eq!(*n.lock().unwrap(), 20);
}

/// Tasks yield, each as often as the others.
fn yields(tasks: usize, each: usize) {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            shuttle::thread::spawn(move || {
                for _ in 0..each {
                    shuttle::thread::yield_now();
                }
            })
        })
        .collect();
    for t in tasks {
        t.join().unwrap();
    }
}

fn runs() {
    const RUNS: usize = 1_000;
    measure("a run: 2 tasks, lock, counter, 10 rounds", RUNS, || shuttle::check_random(counter, RUNS));
    measure("a run: 5 tasks that yield 20 times", RUNS, || shuttle::check_random(|| yields(5, 20), RUNS));
    for (tasks, each) in [(5, 10_000), (100, 500)] {
        measure(&format!("a step, {tasks} tasks"), tasks * each, || {
            shuttle::check_random(move || yields(tasks, each), 1)
        });
    }
}

/// The counter for loom, whose threads are its own.
fn search() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let schedules = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = schedules.clone();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.max_branches = 100_000;
    let start = Instant::now();
    model.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let n = loom::sync::Arc::new(loom::sync::Mutex::new(0));
        let work = {
            let n = n.clone();
            move || {
                for _ in 0..10 {
                    *n.lock().unwrap() += 1;
                }
            }
        };
        let other = loom::thread::spawn(work.clone());
        work();
        other.join().unwrap();
    });
    let n = schedules.load(Ordering::Relaxed);
    println!("a schedule of an exhaustive search, 3 preemptions\t{:.1}", start.elapsed().as_nanos() as f64 / n as f64);
}

fn main() {
    encoding();
    runs();
    search();
}
