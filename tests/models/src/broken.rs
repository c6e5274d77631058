//! Breaks a copy of the sources in one place after the other, and expects the models to notice: in all places, or in
//! those whose description has the given text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// One way to get it wrong.
struct Variant {
    what: &'static str,
    /// The file below `dcache/src`.
    file: &'static str,
    /// What stands there, exactly once, and what would be wrong.
    edits: &'static [(&'static str, &'static str)],
    checker: &'static str,
    /// Each of these models has to notice.
    noticed_by: &'static [&'static str],
}

const LEAD: &str = "flight/lead.rs";
const FLIGHTS: &str = "flight/mod.rs";
const STATE: &str = "flight/state.rs";

const VARIANTS: &[Variant] = &[
    Variant {
        what: "a flight leaves the table before its value is in memory",
        file: LEAD,
        edits: &[(
            "let is_current = if ends { shard.remove(&self.flight) } else { shard.has(&self.flight) };\n",
            "let is_current = if ends { shard.remove(&self.flight) } else { shard.has(&self.flight) };
             drop(shard);
             let mut shard = self.flights.shard(self.flight.hash).lock();\n",
        )],
        checker: "loom",
        noticed_by: &["callers_of_one_key_run_one_body"],
    },
    Variant {
        what: "a leader that goes away hands over to nobody",
        file: LEAD,
        edits: &[(
            "Stage::Flying => self.step_down(|state| state.vacant += 1),",
            "Stage::Flying => self.step_down(|_| {}),",
        )],
        checker: "loom",
        noticed_by: &["a_waiter_takes_over_from_a_leader_that_is_dropped", "whoever_leaves_hands_over"],
    },
    Variant {
        what: "a waiter that goes away keeps its chance to lead",
        file: "flight/wait.rs",
        edits: &[(
            "if self.is_over {\n            return;\n        }\n        self.flights",
            "if !self.is_over {\n            return;\n        }\n        self.flights",
        )],
        checker: "loom",
        noticed_by: &["whoever_leaves_hands_over"],
    },
    Variant {
        what: "an outcome wakes nobody",
        file: LEAD,
        edits: &[(
            "wake_all(called);\n        drop((evicted, forgotten,",
            "drop(called);\n        drop((evicted, forgotten,",
        )],
        checker: "loom",
        noticed_by: &["callers_of_one_key_run_one_body", "an_error_that_can_be_shared_is_everyones"],
    },
    Variant {
        what: "a value is kept from those who wait for it",
        file: LEAD,
        edits: &[("(state.waiting > 0 || !ends)", "!ends")],
        checker: "loom",
        noticed_by: &["callers_of_one_key_run_one_body"],
    },
    Variant {
        what: "an error that cannot be shared makes no places to lead",
        file: LEAD,
        edits: &[("state.vacant = state.group;", "")],
        checker: "loom",
        noticed_by: &["other_errors_let_waiters_lead_in_groups"],
    },
    Variant {
        what: "all who wait lead at once after an error that cannot be shared",
        file: LEAD,
        edits: &[("state.vacant = state.group;", "state.vacant = state.waiting;")],
        checker: "shuttle",
        noticed_by: &["other_errors_let_waiters_lead_in_groups"],
    },
    Variant {
        what: "a group grows before all of it have led",
        file: LEAD,
        edits: &[("state.running == 0 && state.vacant == 0 &&", "state.running == 0 &&")],
        checker: "loom",
        noticed_by: &["a_group_is_over_when_all_of_it_have_led"],
    },
    Variant {
        what: "a fill does not look whether the key was changed",
        file: LEAD,
        edits: &[(
            "if is_current && !state.superseded {\n            if let Some(memory)",
            "if is_current || !is_current {\n            if let Some(memory)",
        )],
        checker: "loom",
        noticed_by: &[
            "an_invalidation_wins_over_two_leaders_and_a_waiter",
            "an_invalidation_wins_over_a_leader_a_waiter_and_calls",
            "an_invalidation_wins_over_a_fill",
            "a_put_wins_over_a_fill",
            "a_clear_wins_over_a_fill",
            "an_invalidation_wins_over_a_refresh_in_the_background",
        ],
    },
    Variant {
        what: "a fill looks whether the key was changed under one lock, and happens under another",
        file: LEAD,
        edits: &[
            (
                "let mut state = self.flight.state.lock();\n        // a new value",
                "let is_current = is_current && !self.flight.state.lock().superseded;
                 drop(shard);
                 let mut shard = self.flights.shard(self.flight.hash).lock();
                 let mut state = self.flight.state.lock();
                 // a new value",
            ),
            (
                "if is_current && !state.superseded {\n            if let Some(memory)",
                "if is_current {\n            if let Some(memory)",
            ),
        ],
        checker: "loom",
        noticed_by: &["a_put_wins_over_a_fill"],
    },
    Variant {
        what: "a change leaves the flight before it in the table",
        file: FLIGHTS,
        edits: &[("shard.supersede(prior);", "")],
        checker: "loom",
        noticed_by: &["a_put_wins_over_a_fill", "a_refresh_wins_over_a_fill", "a_refresh_wins_over_writes"],
    },
    Variant {
        what: "a clear leaves flights in the table",
        file: FLIGHTS,
        edits: &[(
            "shard.clears += 1;\n            grounded.append(&mut shard.ground());",
            "shard.clears += 1;\n            grounded.append(&mut Vec::<Arc<Flight<K, V>>>::new());",
        )],
        checker: "loom",
        noticed_by: &["a_clear_wins_over_a_fill"],
    },
    Variant {
        what: "what starts during a clear reads and stores",
        file: FLIGHTS,
        edits: &[("State::new(shard.clears > 0, change", "State::new(false, change")],
        checker: "loom",
        noticed_by: &["a_clear_wins_over_what_is_below"],
    },
    Variant {
        what: "an invalidation is over before the tiers are",
        file: "change.rs",
        edits: &[
            ("let remove = async |change| {", "let remove = async |change| {\n            drop(change);"),
            ("            drop(change); // from here on", "            // from here on"),
        ],
        checker: "loom",
        noticed_by: &["an_invalidation_wins_over_what_is_below"],
    },
    Variant {
        what: "a change does not wait for writes",
        file: FLIGHTS,
        edits: &[("for flight in writers {", "for flight in writers.into_iter().take(0) {")],
        checker: "loom",
        noticed_by: &[
            "an_invalidation_wins_over_writes",
            "a_put_wins_over_writes",
            "a_clear_wins_over_writes",
            "a_refresh_wins_over_writes",
        ],
    },
    Variant {
        what: "writes begin though the key was changed",
        file: LEAD,
        edits: &[(
            "if shard.has(&self.flight) && !state.superseded && state.writing == Writing::No {",
            "if state.writing == Writing::No {",
        )],
        checker: "loom",
        noticed_by: &["an_invalidation_wins_over_writes", "a_clear_wins_over_writes"],
    },
    Variant {
        what: "the end of writes wakes nobody",
        file: LEAD,
        edits: &[(
            "wake_all(called);\n    }\n}\n\n/// A flight, for its older value alone.",
            "drop(called);\n    }\n}\n\n/// A flight, for its older value alone.",
        )],
        checker: "loom",
        noticed_by: &[
            "an_invalidation_wins_over_writes_in_the_background",
            "a_clear_wins_over_writes_in_the_background",
        ],
    },
    Variant {
        what: "writes that were called off begin",
        file: LEAD,
        edits: &[("let may_write = state.writing == Writing::Queued;", "let may_write = true;")],
        checker: "loom",
        noticed_by: &[
            "an_invalidation_wins_over_writes_in_the_background",
            "a_put_wins_over_writes_in_the_background",
            "a_clear_wins_over_writes_in_the_background",
        ],
    },
    Variant {
        what: "a stale value is refreshed beside another refresh",
        file: FLIGHTS,
        edits: &[(
            "if let Some(answer) = state.lent(Standing::Stale) {\n            return Some(Join::Hit(answer));",
            "if state.lent(Standing::Stale).is_some() {\n            return None;",
        )],
        checker: "loom",
        noticed_by: &["a_stale_value_is_everyones_and_refreshed_once"],
    },
    Variant {
        what: "a failure is remembered though the key was changed",
        file: LEAD,
        edits: &[
            (".filter(|_| !state.superseded)?;", ".filter(|_| !state.superseded || state.superseded)?;"),
            (
                "if is_current && !state.superseded {\n            if let Some(memory)",
                "if is_current || !is_current {\n            if let Some(memory)",
            ),
        ],
        checker: "loom",
        noticed_by: &[
            "an_invalidation_forgets_a_failure_under_way",
            "an_invalidation_forgets_an_error_under_way",
            "an_invalidation_forgets_a_refresh_that_is_given_up",
        ],
    },
    Variant {
        what: "a change does not tell the flight that it takes out of the table",
        file: STATE,
        edits: &[(
            "self.remove(flight);\n        flight.state.lock().superseded = true;",
            "self.remove(flight);",
        )],
        checker: "loom",
        noticed_by: &["an_invalidation_forgets_a_refresh_that_is_given_up"],
    },
    Variant {
        what: "an older value is lent though the key was changed",
        file: LEAD,
        edits: &[
            ("if state.superseded || state.lent.as_ref()", "if state.lent.as_ref()"),
            (
                "(Some(memory), Some(held)) if is_current =>",
                "(Some(memory), Some(held)) if is_current || !is_current =>",
            ),
        ],
        checker: "loom",
        noticed_by: &["an_older_value_from_below_is_lent_but_not_after_an_invalidation"],
    },
    Variant {
        what: "an errand that is dropped takes its work along",
        file: "errand.rs",
        edits: &[("self.hand_in(|desk| desk.returned = Some(work));", "drop(work);")],
        checker: "loom",
        noticed_by: &["an_errand_that_is_dropped_is_done_by_who_waits"],
    },
    Variant {
        what: "who waits for an errand looks under one lock, and says so under another",
        file: "errand.rs",
        edits: &[(
            "desk.waiting = Some(cx.waker().clone());",
            "drop(desk);\n                let mut desk = self.desk.lock();\n                desk.waiting = Some(cx.waker().clone());",
        )],
        checker: "loom",
        noticed_by: &["the_result_of_an_errand_wakes_who_waits"],
    },
];

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..").canonicalize().expect("the workspace is there");
    let target = PathBuf::from(
        std::env::var_os("CARGO_TARGET_DIR").expect("`tests/models/run` sets CARGO_TARGET_DIR"),
    );
    let copy = target.join("broken");
    copy_sources(&root, &copy);
    let part = std::env::args().nth(1).unwrap_or_default();
    let mut unnoticed = 0;
    for variant in VARIANTS.iter().filter(|variant| variant.what.contains(&part)) {
        let start = Instant::now();
        let path = copy.join("dcache/src").join(variant.file);
        let source = fs::read_to_string(&path).expect("the file is there");
        fs::write(&path, variant.apply(&source)).expect("the copy can be written");
        build(&copy, variant);
        for model in variant.noticed_by {
            if !notices(&target, model) {
                unnoticed += 1;
                eprintln!("{model} does not notice: {}", variant.what);
            }
        }
        println!("{:<90} {:>6.1?}", variant.what, start.elapsed());
        fs::write(&path, source).expect("the copy can be written");
    }
    ExitCode::from(u8::from(unnoticed > 0))
}

impl Variant {
    fn apply(&self, source: &str) -> String {
        self.edits.iter().fold(source.to_owned(), |source, (old, new)| {
            let places = source.matches(old).count();
            assert_eq!(places, 1, "`{}` is to break this in {}, once:\n{old}", self.what, self.file);
            source.replace(old, new)
        })
    }
}

/// Copies the sources, and the models with them; the other crates are used as they are.
fn copy_sources(root: &Path, copy: &Path) {
    copy_folder(&root.join("dcache"), &copy.join("dcache"));
    copy_folder(&root.join("tests/models/src"), &copy.join("tests/models/src"));
    fs::copy(root.join("tests/models/Cargo.lock"), copy.join("tests/models/Cargo.lock"))
        .expect("it is there");
    let manifest = root.join("tests/models/Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("it is there");
    let text = text.replace("\"../../dcache-", &format!("\"{}/dcache-", root.display()));
    fs::write(copy.join("tests/models/Cargo.toml"), text).expect("the copy can be written");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target folder can be written");
    for entry in fs::read_dir(from).expect("the workspace can be read") {
        let entry = entry.expect("the workspace can be read");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("the target folder can be written");
        }
    }
}

fn build(copy: &Path, variant: &Variant) {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--bin", "models", "--features", variant.checker])
        .current_dir(copy.join("tests/models"))
        .status();
    assert!(status.is_ok_and(|status| status.success()), "this does not compile: {}", variant.what);
}

/// Tells whether a model fails: not by the lack of it, which is the status 2.
fn notices(target: &Path, model: &str) -> bool {
    let models = target.join("debug/models");
    let output = Command::new(models).arg(model).env("LOOM_MAX_PREEMPTIONS", "3").output();
    let output = output.expect("it was just built");
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    !output.status.success()
}
