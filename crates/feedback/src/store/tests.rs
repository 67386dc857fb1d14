//! What a store promises, checked against each database that is there.

mod killed;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::{
    AnswerFormat, Clip, Comparison, Comparisons, Item, Preference, Which, create_records,
    open_records,
};

use places::on_each;

const MINUTE: Duration = Duration::from_secs(60);

fn text(text: &str) -> NewItem {
    NewItem::of(Content::Text(text.to_owned()))
}

fn comparison(number: u64) -> NewQuestion {
    NewQuestion::comparison(
        number,
        text(&format!("first {number}")),
        text(&format!("second {number}")),
    )
}

fn said(preference: Preference) -> Reply {
    Reply::Preference(preference)
}

/// A queue with questions numbered from 1.
fn queue_of(store: &Store, settings: &QueueSettings, n_questions: u64) -> i64 {
    let queue = store.add_queue(settings, 0).unwrap();
    let questions: Vec<NewQuestion> = (1..=n_questions).map(comparison).collect();
    store.ask(queue.id, &questions, 0).unwrap();
    queue.id
}

/// The number of the question that an annotator is given.
fn given(store: &Store, queue: i64, annotator: &str, now: i64) -> Option<u64> {
    let lease = store.lease(queue, annotator, now, MINUTE).unwrap();
    lease.map(|lease| lease.question.number)
}

#[test]
fn keeps_an_answer_once() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 2);
        let lease = store.lease(queue, "ann", 2, MINUTE).unwrap().unwrap();
        assert_eq!(lease.question.number, 1);
        assert_eq!(lease.expires_at, 60_002);
        for (preference, expected) in [
            (Preference::First, Recorded::Kept),
            (Preference::First, Recorded::Already),
            (Preference::Second, Recorded::Already),
        ] {
            let reply = said(preference);
            let kept = store.answer(lease.token, "ann", &reply, Some(1.5), 3);
            assert_eq!(kept.unwrap(), expected);
        }
        let expected = Answer {
            revision: 1,
            said: Said {
                question: 1,
                reply: said(Preference::First),
                annotator: Some("ann".to_owned()),
                shown: Some(lease.shown),
                at: Some(3),
                seconds: Some(1.5),
            },
            withdrawn_at: None,
        };
        // Another connection sees the same.
        let other = Store::open(place).unwrap();
        let changes = other.changes(queue, 0, 10).unwrap();
        assert_eq!(changes, [(1, Change::Answered(expected))]);
        assert_eq!(given(&other, queue, "ann", 4), Some(2));
    });
}

#[test]
fn refuses_the_answers_of_others() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 1);
        let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        for (token, annotator) in [(lease.token, "bob"), (lease.token + 1, "ann")] {
            let error = store.answer(token, annotator, &said(Preference::First), None, 1);
            assert!(matches!(error, Err(Error::LeaseLost { .. })));
        }
        for reply in [
            Reply::Rating(1.0),
            Reply::Best(0),
            Reply::Critique("x".into()),
        ] {
            let error = store.answer(lease.token, "ann", &reply, None, 1);
            assert!(matches!(error, Err(Error::Refused { .. })));
        }
        let error = store.answer(
            lease.token,
            "ann",
            &said(Preference::Equal),
            Some(f64::NAN),
            1,
        );
        assert!(matches!(error, Err(Error::Refused { .. })));
        assert_eq!(store.changes(queue, 0, 10).unwrap(), []);
    });
}

#[test]
fn leases_a_question_to_one_annotator_until_it_runs_out() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 1);
        let held = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        assert_eq!(given(&store, queue, "bob", 59_999), None);
        // Whoever asks again is given the same, for longer.
        let again = store.lease(queue, "ann", 30_000, MINUTE).unwrap().unwrap();
        assert_eq!((again.token, again.expires_at), (held.token, 90_000));
        assert_eq!(again.shown, held.shown);
        assert_eq!(given(&store, queue, "bob", 89_999), None);
        assert_eq!(given(&store, queue, "bob", 90_000), Some(1));
        assert_eq!(given(&store, queue, "ann", 90_001), None);
        let late = store.answer(held.token, "ann", &said(Preference::First), None, 90_002);
        assert!(matches!(late, Err(Error::LeaseLost { .. })));
        // Once the other one's has run out, too, what was said late counts after all.
        let late = store.answer(held.token, "ann", &said(Preference::First), None, 200_000);
        assert_eq!(late.unwrap(), Recorded::Kept);
        assert_eq!(given(&store, queue, "bob", 200_001), None);
    });
}

#[test]
fn gives_back_what_is_released() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 1);
        let held = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        store.release(held.token, "bob").unwrap();
        assert_eq!(given(&store, queue, "bob", 1), None);
        store.release(held.token, "ann").unwrap();
        assert_eq!(given(&store, queue, "bob", 1), Some(1));
    });
}

#[test]
fn a_skip_comes_to_others_and_never_back() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let settings = QueueSettings {
            most_skips: Some(2),
            ..QueueSettings::named("q")
        };
        let queue = queue_of(&store, &settings, 1);
        for annotator in ["ann", "bob"] {
            let lease = store.lease(queue, annotator, 0, MINUTE).unwrap().unwrap();
            let skip = said(Preference::Skip);
            store
                .answer(lease.token, annotator, &skip, None, 1)
                .unwrap();
            assert_eq!(given(&store, queue, annotator, 1_000_000), None);
        }
        // Nobody is asked what as many have skipped as may.
        assert_eq!(given(&store, queue, "cem", 1_000_000), None);
        let progress = store.progress(queue, "cem").unwrap();
        assert_eq!((progress.n_open, progress.n_answers), (0, 0));
    });
}

#[test]
fn asks_as_many_as_are_wanted() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let settings = QueueSettings {
            wanted: 2,
            ..QueueSettings::named("q")
        };
        let queue = queue_of(&store, &settings, 1);
        assert_eq!(given(&store, queue, "ann", 0), Some(1));
        assert_eq!(given(&store, queue, "bob", 0), Some(1));
        assert_eq!(given(&store, queue, "cem", 0), None);
        for annotator in ["ann", "bob"] {
            let lease = store.lease(queue, annotator, 1, MINUTE).unwrap().unwrap();
            let reply = said(Preference::CannotTell);
            store
                .answer(lease.token, annotator, &reply, None, 2)
                .unwrap();
        }
        assert_eq!(given(&store, queue, "cem", 1_000_000), None);
        let progress = store.progress(queue, "ann").unwrap();
        let expected = Progress {
            n_questions: 1,
            n_open: 0,
            n_answers: 2,
            n_own: 1,
            n_left: 0,
        };
        assert_eq!(progress, expected);
    });
}

#[test]
fn takes_back_the_last_answer_and_keeps_it_on_record() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 3);
        for time in [1, 2] {
            let lease = store.lease(queue, "ann", time, MINUTE).unwrap().unwrap();
            let reply = said(Preference::First);
            store
                .answer(lease.token, "ann", &reply, None, time)
                .unwrap();
        }
        assert_eq!(given(&store, queue, "ann", 3), Some(3));
        let undone = store.undo(queue, "ann", 4, MINUTE).unwrap().unwrap();
        assert_eq!(undone.question.number, 2);
        assert_eq!(given(&store, queue, "bob", 4), None);
        // The page that is loaded again shows what was taken back.
        assert_eq!(given(&store, queue, "ann", 5), Some(2));
        let reply = said(Preference::Second);
        let kept = store.answer(undone.token, "ann", &reply, None, 6).unwrap();
        assert_eq!(kept, Recorded::Kept);
        let described: Vec<(u64, u64, bool)> = store
            .changes(queue, 0, 10)
            .unwrap()
            .into_iter()
            .map(|(number, change)| match change {
                Change::Answered(answer) => (number, answer.said.question, true),
                Change::Withdrawn(answer) => (number, answer.said.question, false),
            })
            .collect();
        assert_eq!(
            described,
            [(1, 1, true), (2, 2, true), (3, 2, false), (4, 2, true)]
        );
        // Whoever reads on from any change is given the rest, however little at once.
        for after in 0..4 {
            let changes = store.changes(queue, after, 1).unwrap();
            assert_eq!(changes[0].0, after + 1);
        }
        let comparisons = store.comparisons(Some(queue)).unwrap();
        let standing: Vec<Preference> = comparisons
            .rows()
            .iter()
            .map(|row| row.preference)
            .collect();
        assert_eq!(standing, [Preference::First, Preference::Second]);
        let mut n_answers = 0;
        store
            .for_each_answer(queue, |_| {
                n_answers += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(n_answers, 3);
        assert_eq!(store.undo(queue, "bob", 7, MINUTE).unwrap(), None);
    });
}

#[test]
fn an_answer_sent_again_after_it_was_taken_back_stays_so() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 1);
        let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        let reply = said(Preference::First);
        store.answer(lease.token, "ann", &reply, None, 1).unwrap();
        store.undo(queue, "ann", 2, MINUTE).unwrap().unwrap();
        let again = store.answer(lease.token, "ann", &reply, None, 3).unwrap();
        assert_eq!(again, Recorded::Already);
        assert_eq!(store.progress(queue, "ann").unwrap().n_answers, 0);
    });
}

#[test]
fn keeps_every_kind_of_answer() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = store.add_queue(&QueueSettings::named("q"), 0).unwrap().id;
        let scale = Scale {
            low: 0.0,
            high: 1.0,
            step: Some(0.1),
        };
        let one = |number, kind, n_items| NewQuestion {
            number,
            kind,
            items: (0..n_items).map(|item| text(&format!("{item}"))).collect(),
            prompt: "?".to_owned(),
            priority: -i64::try_from(number).unwrap(),
        };
        let questions = [
            one(0, Kind::Rating(scale), 1),
            one(1, Kind::Best, 3),
            one(2, Kind::Critique, 1),
        ];
        store.ask(queue, &questions, 0).unwrap();
        let replies = [
            Reply::Rating(0.1 * 3.0),
            Reply::Best(2),
            Reply::Critique("'; DROP TABLE feedback_answer; -- $1 {lock} ?1 \u{1F600}".to_owned()),
        ];
        for reply in &replies {
            let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
            store.answer(lease.token, "ann", reply, None, 1).unwrap();
        }
        let mut kept = vec![];
        store
            .for_each_answer(queue, |answer| {
                kept.push(answer.said.reply);
                Ok(())
            })
            .unwrap();
        assert_eq!(kept, replies);
        let asked = store.question(queue, 1).unwrap().unwrap();
        assert_eq!((asked.kind, asked.items.len()), (Kind::Best, 3));
        assert!(Store::ask(&store, queue, &[one(9, Kind::Best, 1)], 0).is_err());
        let off_scale = Said {
            question: 0,
            reply: Reply::Rating(0.25),
            annotator: None,
            shown: None,
            at: None,
            seconds: None,
        };
        assert!(store.record(queue, &[off_scale]).is_err());
    });
}

#[test]
fn asks_the_same_once_and_keeps_segments() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = store.add_queue(&QueueSettings::named("q"), 0).unwrap().id;
        let segment = mdp::Segment {
            n_features: 2,
            n_action_values: 1,
            n_state_values: 1,
            observations: vec![0.5, f32::MIN_POSITIVE],
            actions: vec![-1.0],
            next_observations: vec![1.0, 2.0],
            terminated: vec![true],
            rewards: vec![1e-300],
            intents: Some(vec![-0.0]),
            states: vec![1.0, 2.0],
        };
        let clip = Clip {
            scene: mdp::Scene {
                low: [0.0; 2],
                high: [1.0; 2],
                background: vec![],
            },
            frames: vec![vec![mdp::rectangle([0.1; 2], [0.2; 2], mdp::Ink::Agent)]],
            seconds_per_frame: 1.0 / 3.0,
            description: String::new(),
        };
        let item = |name: &str| NewItem {
            name: Some(name.to_owned()),
            content: Content::Clip(clip.clone()),
            segment: Some(crate::segment_to_bytes(&segment)),
            traits: vec!["b".to_owned(), "a".to_owned()],
        };
        let questions = [
            NewQuestion::comparison(4, item("x"), item("y")),
            NewQuestion::comparison(5, item("y"), item("z")),
        ];
        for _ in 0..2 {
            store.ask(queue, &questions, 0).unwrap();
        }
        assert_eq!(store.last_number(queue).unwrap(), Some(5));
        assert_eq!(store.progress(queue, "").unwrap().n_questions, 2);
        let asked = store.question(queue, 4).unwrap().unwrap();
        assert_eq!(asked.items[0].content, Content::Clip(clip.clone()));
        assert_eq!(asked.items[0].traits, ["a", "b"]);
        for bytes in store.segments(queue, 5).unwrap() {
            let read = crate::segment_from_bytes(&bytes.unwrap());
            assert_eq!(read.as_ref(), Some(&segment));
        }
        // One name stands for one content; and a question that cannot be kept leaves nothing behind.
        let mut other = item("w");
        other.name = Some("x".to_owned());
        other.segment = None;
        let questions = [comparison(6), NewQuestion::comparison(7, other, item("y"))];
        assert!(store.ask(queue, &questions, 0).is_err());
        assert_eq!(store.last_number(queue).unwrap(), Some(5));
        store.retire(queue, &[4]).unwrap();
        assert_eq!(given(&store, queue, "ann", 0), Some(5));
        assert_eq!(store.progress(queue, "").unwrap().n_questions, 1);
    });
}

#[test]
fn segments_as_bytes_are_checked() {
    let segment = mdp::Segment {
        n_features: 1,
        observations: vec![1.0],
        next_observations: vec![2.0],
        terminated: vec![false],
        rewards: vec![3.0],
        ..mdp::Segment::default()
    };
    let bytes = crate::segment_to_bytes(&segment);
    assert_eq!(crate::segment_from_bytes(&bytes), Some(segment));
    for length in 0..bytes.len() {
        assert_eq!(crate::segment_from_bytes(&bytes[..length]), None);
    }
    let mut greedy = bytes.clone();
    greedy[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(crate::segment_from_bytes(&greedy), None);
}

#[test]
fn holds_queues_apart_and_tells_who_learns() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let one = queue_of(&store, &QueueSettings::named("one"), 1);
        let two = queue_of(&store, &QueueSettings::named("two"), 2);
        assert_eq!(given(&store, one, "ann", 0), Some(1));
        assert_eq!(given(&store, two, "ann", 0), Some(1));
        assert_eq!(store.progress(two, "ann").unwrap().n_left, 2);
        assert_eq!(store.status(one).unwrap(), None);
        for n_learned in [10, 20] {
            let status = Status {
                at: 5,
                n_learned,
                accuracy: Some(0.75),
                steps: 1000,
                note: "training goes on".to_owned(),
            };
            store.set_status(one, &status).unwrap();
            assert_eq!(store.status(one).unwrap(), Some(status));
        }
        assert_eq!(store.status(two).unwrap(), None);
        store.set_closed(two, true).unwrap();
        assert!(store.queue("two").unwrap().is_closed);
        assert!(store.set_closed(99, true).is_err());
        let error = store.queue("three").unwrap_err().to_string();
        assert!(
            error.ends_with("has no queue \"three\"; there are one, two"),
            "{error}"
        );
        let same = store.add_queue(&QueueSettings::named("one"), 7).unwrap();
        assert_eq!((same.id, same.made_at), (one, 0));
        let other = QueueSettings {
            wanted: 2,
            ..QueueSettings::named("one")
        };
        assert!(store.add_queue(&other, 7).is_err());
        let file = DemonstrationFile {
            path: "a.parquet".to_owned(),
            digest: "sha256:00".to_owned(),
            n_episodes: 3,
            annotator: None,
            at: Some(-5),
        };
        for _ in 0..2 {
            store.add_demonstrations(one, &file).unwrap();
        }
        assert_eq!(store.demonstrations(one).unwrap(), [file]);
    });
}

#[test]
fn shows_either_on_the_left_about_equally_often() {
    on_each(|place| {
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 200);
        let mut n_left = 0;
        for _ in 0..200 {
            let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
            n_left += usize::from(lease.shown == [0, 1]);
            let reply = said(Preference::Skip);
            store.answer(lease.token, "ann", &reply, None, 0).unwrap();
        }
        // Four standard deviations of a fair coin.
        assert!((100 - 28..=100 + 28).contains(&n_left), "{n_left}");
    });
}

/// Twenty annotators answer until nothing is left, some slowly, some twice, over several connections.
#[test]
fn loses_and_doubles_nothing_among_twenty() {
    const N_QUESTIONS: u64 = 120;
    on_each(|place| {
        let settings = QueueSettings {
            wanted: 2,
            ..QueueSettings::named("q")
        };
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &settings, N_QUESTIONS);
        let clock = AtomicI64::new(0);
        let work = &|annotator: usize| {
            let name = format!("annotator {annotator}");
            let store = Store::open(place).unwrap();
            let mut acknowledged = vec![];
            while store.progress(queue, &name).unwrap().n_left > 0 {
                let now = clock.fetch_add(1, Ordering::Relaxed);
                let Some(lease) = store
                    .lease(queue, &name, now, Duration::from_secs(1))
                    .unwrap()
                else {
                    clock.fetch_add(100, Ordering::Relaxed);
                    continue;
                };
                let number = lease.question.number;
                if annotator == 0 && number.is_multiple_of(3) {
                    // Sleeps until the lease has run out.
                    clock.fetch_add(1001, Ordering::Relaxed);
                }
                for _ in 0..2 {
                    let now = clock.fetch_add(1, Ordering::Relaxed);
                    let reply = said(Preference::First);
                    match store.answer(lease.token, &name, &reply, None, now) {
                        Ok(Recorded::Kept) => acknowledged.push((number, name.clone())),
                        Ok(Recorded::Already) | Err(Error::LeaseLost { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            acknowledged
        };
        let acknowledged: Vec<(u64, String)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..20)
                .map(|a| scope.spawn(move || work_of(work, a)))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        let mut kept = vec![];
        let mut revisions = vec![];
        store
            .for_each_answer(queue, |answer| {
                revisions.push(answer.revision);
                kept.push((answer.said.question, answer.said.annotator.unwrap()));
                Ok(())
            })
            .unwrap();
        assert!(revisions.into_iter().eq(1..=2 * N_QUESTIONS));
        let mut counts: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
        for (number, name) in &kept {
            assert!(counts.entry(*number).or_default().insert(name));
        }
        assert!(counts.values().all(|names| names.len() == 2));
        assert_eq!(counts.len() as u64, N_QUESTIONS);
        let acknowledged: BTreeSet<_> = acknowledged.into_iter().collect();
        assert_eq!(acknowledged, kept.iter().cloned().collect());
    });
}

fn work_of<T>(work: &(impl Fn(usize) -> T + Sync), annotator: usize) -> T {
    work(annotator)
}

/// What every file of everything looks like once it went through a store and out again.
#[test]
fn moves_from_files_to_stores_and_back() {
    on_each(|place| {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let store = Store::create(place).unwrap();
        let queue = queue_of(&store, &QueueSettings::named("q"), 3);
        for (number, preference) in [(2, Preference::Equal), (1, Preference::Second)] {
            let said = Said {
                question: number,
                reply: said(preference),
                annotator: (number == 1).then(|| "ann".to_owned()),
                shown: Some(vec![1, 0]),
                at: Some(1_700_000_000_123),
                seconds: Some(0.1),
            };
            store.record(queue, &[said]).unwrap();
        }
        let settings = ExportSettings {
            clips: true,
            unanswered: true,
        };
        let export = |store: &Store, queue, name: &str| {
            let path = path(name);
            let format = AnswerFormat::of_ending(&path).unwrap();
            let mut writer = create_records(&path, format).unwrap();
            store
                .for_each_record(queue, settings, |record| writer.push(record))
                .unwrap();
            writer.finish().unwrap();
            std::fs::read(&path).unwrap()
        };
        let first = export(&store, queue, "a.jsonl");
        export(&store, queue, "a.parquet");
        for name in ["a.jsonl", "a.parquet"] {
            let settings = QueueSettings::named(name);
            let mut reader = open_records(&path(name)).unwrap();
            let part = ImportPart::Answers;
            let imported = store.import(&settings, part, reader.as_mut(), 9).unwrap();
            let expected = Imported {
                n_questions: 3,
                n_answers: 2,
            };
            assert_eq!(imported, expected);
            let copy = store.queue(name).unwrap().id;
            assert_eq!(export(&store, copy, "b.jsonl"), first);
            let mut reader = open_records(&path(name)).unwrap();
            let again = store.import(&settings, part, reader.as_mut(), 9);
            assert!(again.is_err());
        }
        let comparisons = Comparisons::read(path("a.jsonl").to_str().unwrap()).unwrap();
        assert_eq!(store.comparisons(Some(queue)).unwrap(), comparisons);
        let expected = Comparison {
            first: 2,
            second: 3,
            preference: Preference::Second,
            annotator: Some(0),
            left: Some(Which::Second),
            at: Some(1_700_000_000_123),
            seconds: Some(0.1),
        };
        assert_eq!(comparisons.rows()[1], expected);
        assert_eq!(comparisons.items()[2], Item::of_text("first 1"));
    });
}

#[test]
fn imports_a_file_whole_or_not_at_all() {
    on_each(|place| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let store = Store::create(place).unwrap();
        let import = |lines: &str, part| {
            std::fs::write(&path, lines).unwrap();
            let settings = QueueSettings::named("q");
            let mut reader = open_records(&path).unwrap();
            store.import(&settings, part, reader.as_mut(), 0)
        };
        let good =
            r#"{"question":1,"first_id":"a","second_id":"b","answer":"first","annotator":"x"}"#;
        for (second, problem) in [
            ("{", "line 2: this is no JSON"),
            (good, "row 2: \"x\" answered question 1 before"),
            (
                r#"{"first_id":"a","second_id":"b"}"#,
                "row 2: rows with and without the number",
            ),
            (
                r#"{"question":1,"first_id":"a","second_id":"c"}"#,
                "row 2: question 1 was another one before",
            ),
            (
                r#"{"question":2,"first_id":"a","first_text":"other","second_id":"b"}"#,
                "row 2: the item \"a\" is there with another content",
            ),
        ] {
            let error = import(&format!("{good}\n{second}\n"), ImportPart::Answers);
            let error = error.unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
            assert_eq!(store.queues().unwrap(), []);
        }
        let pairs = "{\"chosen\":\"a\",\"rejected\":\"b\"}\n{\"chosen\":\"b\",\"rejected\":\"a\",\"id\":7}\n";
        let imported = import(pairs, ImportPart::Questions).unwrap();
        assert_eq!((imported.n_questions, imported.n_answers), (2, 0));
        let queue = store.queue("q").unwrap().id;
        assert_eq!(store.progress(queue, "ann").unwrap().n_left, 2);
    });
}
