//! A power cut: whatever of the last writes is on the disk, in whatever order they came there.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use dcache_tests::figure;
use dcache_tests::mount::{Mount, run};

use super::disk::format;
use super::writer::{KEYS, Writer, cache, is_usable, is_whole};
use super::*;

#[test]
fn cut() {
    let cuts = figure("CUTS", 50);
    let fault = Fault {
        group: Group::Writers,
        name: "power cut",
        cause: "fifty copies of a loop-mounted ext4 image (`data=writeback`, which keeps no order of names and \
                contents), taken while a process writes; each is mounted and read",
        ..LOSING
    };
    let folder = tempfile::tempdir().unwrap();
    let (image, copy) = (folder.path().join("image"), folder.path().join("copy"));
    if let Err(why) = format(&image, 16 << 20, &[]) {
        return fault.leave_out(&format!("it takes mkfs.ext4: {why}"));
    }
    // names are committed each second; contents when the system likes
    let mount = match Mount::image(&image, "data=writeback,noauto_da_alloc,commit=1") {
        Ok(mount) => mount,
        Err(why) => return fault.leave_out(&format!("it takes root to mount a file system: {why}")),
    };
    fs::set_permissions(mount.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fault.measure(|trial| {
        trial.budget(Fs::TIME_BUDGET);
        let root = mount.path().join("root");
        let _ = fs::remove_dir_all(&root);
        let (mut found, mut damaged, mut lost) = (0, 0, 0);
        let misses = Cell::new(0);
        let work = || {
            let writer = Writer::start(&root);
            for cut in 0..cuts {
                thread::sleep(Duration::from_millis(60 + u64::from(cut) * 37 % 100)); // so that commits come between
                // at first nothing but names, which the journal brings; later what there is to be found, too
                if cut >= 20 && cut % 2 == 0 {
                    run(Command::new("sync").arg("-f").arg(&root)).unwrap();
                }
                writer.signal("-STOP");
                fs::copy(&image, &copy).unwrap();
                writer.signal("-CONT");
                let after = Mount::image(&copy, "").unwrap();
                let fs = open(&after.path().join("root"));
                let cache = cache(&fs);
                for key in 0..KEYS {
                    if let Some(found) = cache.blocking().get(&key) {
                        is_whole(key, &found);
                    }
                }
                let tier = cache.stats().tiers.swap_remove(0);
                found += tier.hits;
                damaged += tier.errors;
                lost += tier.misses - tier.errors;
                misses.set(misses.get() + tier.misses);
                is_usable(trial, &fs);
            }
        };
        trial.names(|| misses.get(), work);
        assert!(cuts < 30 || found > 0, "nothing was ever on the disk");
        println!("after {cuts} power cuts: {found} values found, {damaged} damaged, {lost} not there");
    });
}
