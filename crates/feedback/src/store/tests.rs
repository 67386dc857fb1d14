//! What a store promises, checked against each database that is there.

use std::time::Duration;

use super::*;
use crate::Preference;

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

#[test]
fn answers_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let store = Store::create(place.to_str().unwrap()).unwrap();
    let queue = store.add_queue(&QueueSettings::named("q"), 0).unwrap();
    store
        .ask(queue.id, &[comparison(7), comparison(8)], 1)
        .unwrap();
    let lease = store.lease(queue.id, "ann", 2, MINUTE).unwrap().unwrap();
    assert_eq!(lease.question.number, 7);
    let reply = Reply::Preference(Preference::First);
    for expected in [Recorded::Kept, Recorded::Already] {
        let kept = store
            .answer(lease.token, "ann", &reply, Some(1.5), 3)
            .unwrap();
        assert_eq!(kept, expected);
    }
    let changes = store.changes(queue.id, 0, 10).unwrap();
    assert_eq!(changes.len(), 1);
}
