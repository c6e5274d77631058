//! What a dependency costs: the time to build it from nothing, and the crates that come with it.

use std::io;

use crate::contender::Contender;
use crate::figure::Unit;
use crate::group::{Bound, Group};
use crate::measure::Plan;
use crate::project::{DCACHE, Project};

/// The contenders whose default features are compared come first.
fn projects(plan: &Plan) -> io::Result<Vec<(&'static str, Project)>> {
    let dcache = |rest: &str| format!("{DCACHE}{rest} }}");
    let dependencies = [
        ("cached", "cached = \"=4.1.0\"".to_owned()),
        ("dcache", dcache("")),
        ("moka, sync", "moka = { version = \"0.12\", features = [\"sync\"] }".to_owned()),
        ("cached, redis", "cached = { version = \"=4.1.0\", features = [\"redis_tokio\"] }".to_owned()),
        ("dcache, redis", dcache(", features = [\"bincode\", \"redis\"]")),
    ];
    let wanted = if plan.quick { 2 } else { dependencies.len() };
    dependencies
        .into_iter()
        .take(wanted)
        .map(|(name, dependency)| {
            let project = Project::new("build", name, &dependency, "")?.alone();
            project.cargo(&["fetch"])?;
            Ok((name, project))
        })
        .collect()
}

/// The time.
pub fn time(plan: &Plan) -> io::Result<Group> {
    let about = "`cargo build` of an empty package with one dependency, into an empty target folder; what is to be \
                 downloaded is there. With `redis` both answer synchronous and asynchronous callers.";
    let contenders = projects(plan)?.into_iter().map(|(name, project)| {
        Contender::figure(name, move || {
            let took = project.build_from_clean().unwrap_or_else(|error| panic!("{error}"));
            took.as_nanos() as f64
        })
    });
    let bounds = [Bound::times("dcache", 0.8, "cached")];
    let redis = (!plan.quick).then(|| Bound::below("dcache, redis", "cached, redis"));
    let rounds = if plan.quick { 1 } else { 3 };
    let group = Group::new("Build from clean", about).contenders(contenders);
    Ok(group.bounds(bounds).bounds(redis).rounds(rounds, 0))
}

/// The crates.
pub fn crates(plan: &Plan) -> io::Result<Group> {
    let about = "Crates that are built with one dependency, itself included, on this platform.";
    let mut group = Group::new("Crates to build", about).unit(Unit::Count).rounds(1, 0);
    for (name, project) in projects(plan)? {
        let count = project.crates()? as f64;
        group = group.contenders([Contender::figure(name, move || count)]);
    }
    Ok(group.bounds([Bound::times("dcache", 0.8, "cached")]))
}
