//! A program that answers is killed in the middle, again and again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

/// Names the place where the child process is to answer, and the number of its turn.
const PLACE: &str = "REWARDLAB_TEST_ANSWERS_TO";

/// Answers as fast as it can, and prints the question once its answer was acknowledged. Runs in the child process alone;
/// in the parent there is no place to answer to, and so nothing to do.
#[test]
fn child() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let store = Store::open(&place).unwrap();
    let queue = store.queue("q").unwrap().id;
    let mut out = std::io::stdout().lock();
    loop {
        let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        let number = lease.question.number;
        let reply = said(Preference::Second);
        store.answer(lease.token, "ann", &reply, None, 0).unwrap();
        writeln!(out, "\nacknowledged {number}").unwrap();
    }
}

/// Kills the child once it has acknowledged `n` answers, and gives the questions that it acknowledged.
fn killed_after(place: &str, n: usize) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["store::tests::killed::child", "--exact", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = vec![];
    for line in lines {
        let line = line.unwrap();
        if let Some(number) = line.strip_prefix("acknowledged ") {
            acknowledged.push(number.parse().unwrap());
        }
        if acknowledged.len() == n {
            // SIGKILL on Unix. What it printed before it died is read below, too.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

#[test]
fn keeps_what_was_acknowledged() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 200);
        let mut acknowledged = vec![];
        for n in [1, 2, 3, 5, 8, 13] {
            let more = killed_after(place, n);
            assert!(
                more.len() >= n,
                "the child answered {} questions",
                more.len()
            );
            acknowledged.extend(more);
            let mut kept = vec![];
            store
                .for_each_answer(queue, |answer| {
                    kept.push(answer.said.question);
                    Ok(())
                })
                .unwrap();
            // Of each turn, the last answer may have been kept and not acknowledged.
            assert!(kept.is_sorted_by(|a, b| a < b), "{kept:?}");
            let known: BTreeSet<u64> = kept.iter().copied().collect();
            assert!(acknowledged.iter().all(|number| known.contains(number)));
            assert!(kept.len() <= acknowledged.len() + 6);
        }
    });
}
